// A drug in a cell.

import { drugInCell, similar } from "../answers.js";
import { link } from "../route.js";
import { Answered, DrugLink, Filters, Source, Trust, number, useAnswer } from "../parts.jsx";
import { Table } from "../table.jsx";
import { geneColumns, hitColumns } from "./columns.jsx";
import { heldOut } from "./explained.jsx";

export function ProfileView({ house, filters, drug, cell }) {
  const { dataset, search } = house;
  const place = dataset.about(drug.position, cell.position);
  const name = drug.name || drug.drug;
  const known = !Number.isNaN(place.expected_r);
  const scale = known ? filters.scale : "unit";
  const genes = useAnswer(
    () => drugInCell(dataset, drug.position, cell.position, { scale }),
    [place.position, scale],
  );
  const alike = useAnswer(async () => {
    const profile = await dataset.profile(drug.position, cell.position);
    return similar(dataset, search, profile, { filters, without: place.position });
  }, [place.position, filters.source, filters.cell, filters.least]);
  const file = `${dataset.dataset} ${name} ${cell.cell}`;
  const columns = geneColumns(dataset, scale);
  return (
    <>
      <p class="kind">Drug in a cell</p>
      <h1 tabIndex="-1">
        {name} in {cell.cell}
      </h1>
      <p class="verdict">{verdict(place, dataset)}</p>
      <dl class="facts wide">
        <Fact label="Source">
          <Source about={place} />
        </Fact>
        <Fact label="Expected r">
          <Trust about={place} />
        </Fact>
        <Fact label="Drug">
          <DrugLink drug={drug} />
        </Fact>
        <Fact label="Cell">
          <a href={link("cell", [cell.cell])}>{cell.cell}</a>
          {cell.lineage && `, ${cell.lineage}`}
        </Fact>
        <Fact label="Held-out profiles of this drug">{heldOut(drug.held_out_r, drug.held_out)}</Fact>
        <Fact label="Held-out profiles of this cell">{heldOut(cell.held_out_r)}</Fact>
        {!Number.isNaN(place.replicates) && (
          <Fact label="Replicates">
            {number(place.replicates, 0)}
            {!Number.isNaN(place.acd) && `, average cosine distance ${number(place.acd)}`}
          </Fact>
        )}
        <Fact label="Length as estimated">{number(place.norm)}</Fact>
        {!Number.isNaN(place.stderr) && (
          <Fact label="Standard error of a value as estimated">{number(place.stderr, 3)}</Fact>
        )}
      </dl>
      <h2>Genes that move most</h2>
      {known && <Filters dataset={dataset} filters={filters} profiles={false} />}
      <Answered answer={genes}>
        {({ up, down, all }) => (
          <>
            <p class="help">
              {known
                ? "± is one standard deviation of a fresh measurement."
                : "Changes are those of the profile at length 1."}
            </p>
            <div class="pair">
              <Table caption="Up" rows={up} columns={columns} file={`${file} up`} />
              <Table caption="Down" rows={down} columns={columns} file={`${file} down`} />
            </div>
            <details>
              <summary>All {all.length} genes</summary>
              <Table caption="All genes" rows={all} columns={columns} file={file} />
            </details>
          </>
        )}
      </Answered>
      <h2>Profiles that are alike, and opposed</h2>
      <Filters dataset={dataset} filters={filters} scales={false} />
      <Answered answer={alike} search={search}>
        {({ mimics, reversers }) => (
          <div class="pair">
            <Table
              caption="Most alike (cosine)"
              rows={mimics}
              columns={hitColumns}
              file={`${file} alike`}
            />
            <Table
              caption="Most opposed (cosine)"
              rows={reversers}
              columns={hitColumns}
              file={`${file} opposed`}
            />
          </div>
        )}
      </Answered>
    </>
  );
}

function Fact({ label, children }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function verdict(place, dataset) {
  const { source, tier, expected_r: r, fallback } = place;
  if (fallback) {
    return "Nobody measured this, and nothing near enough was measured to predict it: a plain mean stands here.";
  }
  const start =
    source === "measured"
      ? "Measured."
      : `Not measured: predicted by ${dataset.method_label}.`;
  if (Number.isNaN(r)) return `${start} How well a fresh measurement would agree is not known.`;
  return `${start} A fresh measurement should agree with r about ${number(r)}: ${tier}.`;
}
