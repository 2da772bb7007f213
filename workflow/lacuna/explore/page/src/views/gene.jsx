// A gene: the drugs that raise and lower it most, and where.

import { topOfGene } from "../answers.js";
import { Answered, Filters, useAnswer } from "../parts.jsx";
import { Table } from "../table.jsx";
import { valueColumns } from "./columns.jsx";

export function GeneView({ house, filters, gene }) {
  const { dataset, search } = house;
  const on = [gene.position, filters.source, filters.cell, filters.least, filters.scale];
  const answer = useAnswer(() => topOfGene(dataset, search, gene.position, { filters }), on);
  const columns = valueColumns(dataset.scales[filters.scale]);
  const percent = Math.round(100 - (100 * dataset.measuredProfiles) / dataset.profiles);
  const file = `${dataset.dataset} ${gene.label}`;
  return (
    <>
      <p class="kind">Gene</p>
      <h1 tabIndex="-1">{gene.label}</h1>
      {gene.symbol && <p class="sub">Gene id {gene.gene}</p>}
      <h2>Which drugs move it most, and where</h2>
      <Filters dataset={dataset} filters={filters} />
      <Answered answer={answer} search={search}>
        {({ up, down }) => (
          <>
            <p class="help" role="status">
              Of the {up.length + down.length} below,{" "}
              {[...up, ...down].filter((one) => one.source === "predicted").length} are predicted;
              of all profiles of this run, {percent} % are.
            </p>
            <div class="pair">
              <Table caption="Raised most" rows={up} columns={columns} file={`${file} up`} />
              <Table caption="Lowered most" rows={down} columns={columns} file={`${file} down`} />
            </div>
          </>
        )}
      </Answered>
    </>
  );
}
