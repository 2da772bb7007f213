// A drug over cells.

import { drugOverCells } from "../answers.js";
import { Heatmap } from "../heatmap.jsx";
import { Answered, Filters, ProfileLink, Source, Trust, useAnswer } from "../parts.jsx";
import { Structure } from "../structure.jsx";
import { Table } from "../table.jsx";
import { heldOut } from "./explained.jsx";

export function DrugView({ house, filters, drug }) {
  const { dataset } = house;
  const name = drug.name || drug.drug;
  const on = [drug.drug, filters.source, filters.least, filters.scale];
  const asked = { ...filters, cell: "" };
  const answer = useAnswer(() => drugOverCells(dataset, drug.position, { filters: asked }), on);
  return (
    <>
      <div class="split">
        <div>
          <p class="kind">Drug</p>
          <h1 tabIndex="-1">{name}</h1>
          <DrugFacts drug={drug} dataset={dataset} />
        </div>
        <Structure drug={drug} />
      </div>
      <h2>What it does in {dataset.cells.length} cells</h2>
      <Filters dataset={dataset} filters={filters} cells={false} />
      <Answered answer={answer}>
        {({ cells, rows }) => (
          <div class="beside">
            {cells.length > 0 && (
              <Heatmap
                caption={`The ${rows.length} genes that ${name} moves furthest on average, up first`}
                rows={rows}
                cells={cells}
                file={`${dataset.dataset} ${name} heatmap`}
              />
            )}
            <Table
              caption={`${name}, cell by cell`}
              rows={cells}
              columns={CELL_COLUMNS}
              file={`${dataset.dataset} ${name} cells`}
              sorted={dataset.hasExpectedR ? { key: "expected_r", down: true } : null}
            />
          </div>
        )}
      </Answered>
    </>
  );
}

const CELL_COLUMNS = [
  {
    key: "cell",
    label: "cell",
    of: (about) => about.cell.cell,
    show: (about) => <ProfileLink about={about}>{about.cell.cell}</ProfileLink>,
  },
  { key: "lineage", label: "lineage", of: (about) => about.cell.lineage },
  {
    key: "source",
    label: "source",
    of: (about) => about.source,
    show: (about) => <Source about={about} />,
  },
  {
    key: "expected_r",
    label: "expected r",
    help: "correlation to expect with a fresh measurement",
    digits: 2,
    left: true,
    of: (about) => about.expected_r,
    show: (about) => <Trust about={about} />,
  },
  {
    key: "norm",
    label: "length as estimated",
    help: "1 when measured; a prediction is shorter, the less certain it is",
    digits: 2,
    of: (about) => about.norm,
  },
];

export function DrugFacts({ drug, dataset }) {
  const facts = [
    ["Id", drug.name && drug.name !== drug.drug ? drug.drug : ""],
    ["Also", drug.ids === drug.drug ? "" : drug.ids],
    ["Mechanism", drug.moa],
    ["Targets", drug.targets],
    ["ATC class", drug.atc],
    ["InChIKey", drug.inchi_key],
    ["Measured in", `${drug.measured} of ${dataset.cells.length} cells`],
    ["Its held-out profiles", heldOut(drug.held_out_r, drug.held_out)],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

