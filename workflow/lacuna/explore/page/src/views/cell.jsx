// A cell: its drugs, measured and predicted.

import { passing } from "../filters.js";
import { Filters, thousands } from "../parts.jsx";
import { Table } from "../table.jsx";
import { drugInCellColumns } from "./columns.jsx";
import { heldOut } from "./explained.jsx";

export function CellView({ house, filters, cell }) {
  const { dataset } = house;
  const keep = passing(dataset, { ...filters, cell: cell.cell });
  const rows = dataset.drugs
    .map((drug) => dataset.about(drug.position, cell.position))
    .filter((about) => keep[about.position]);
  return (
    <>
      <p class="kind">Cell line</p>
      <h1 tabIndex="-1">{cell.cell}</h1>
      <dl class="facts">
        {cell.lineage && (
          <div>
            <dt>Lineage</dt>
            <dd>{cell.lineage}</dd>
          </div>
        )}
        <div>
          <dt>Measured</dt>
          <dd>
            {thousands(cell.measured)} of {thousands(dataset.drugs.length)} drugs
          </dd>
        </div>
        <div>
          <dt>Its held-out profiles</dt>
          <dd>{heldOut(cell.held_out_r)}</dd>
        </div>
      </dl>
      <h2>Drugs in {cell.cell}</h2>
      <Filters dataset={dataset} filters={filters} cells={false} scales={false} />
      <Table
        caption={`${thousands(rows.length)} drugs in ${cell.cell}`}
        rows={rows}
        columns={drugInCellColumns}
        file={`${dataset.dataset} ${cell.cell}`}
        sorted={dataset.hasExpectedR ? { key: "expected_r", down: true } : null}
      />
    </>
  );
}
