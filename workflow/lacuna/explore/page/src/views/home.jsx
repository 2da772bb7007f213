// The first screen: what can be asked, of what data, and what the words mean.

import { topGenes } from "../answers.js";
import { go, link } from "../route.js";
import { DrugLink, GeneLink, ProfileLink, thousands } from "../parts.jsx";
import { ExpectedR, Others } from "./explained.jsx";

export function HomeView({ house }) {
  const { dataset } = house;
  const { drugs, cells, genes, measuredProfiles, profiles } = dataset;
  const withGap = drugs.filter((one) => one.measured < cells.length);
  const drug = (withGap.length ? withGap : drugs).reduce((best, one) =>
    one.measured > best.measured ? one : best,
  );
  const gap = cells.findIndex((_, cell) => dataset.about(drug.position, cell).source !== "measured");
  const [first, second] = genes;
  const example = async () => {
    const { up, down } = topGenes(dataset, await dataset.profile(drug.position, 0), 1, "unit", 20);
    const named = (rows) => rows.map(({ gene }) => gene.label).join(",");
    go(link("signature", [], { up: named(up), down: named(down) }));
  };
  return (
    <>
      <h1 tabIndex="-1">What does a drug do in a cell, and how sure is that?</h1>
      <p class="lead">
        {thousands(drugs.length)} drugs in {thousands(cells.length)} cell lines:{" "}
        {thousands(measuredProfiles)} profiles were measured, {thousands(profiles - measuredProfiles)}{" "}
        are predicted by {dataset.method_label}
        {dataset.hasExpectedR ? ", each with the accuracy to expect of it." : "."}
      </p>
      <dl class="numbers">
        <Number label="drugs" value={drugs.length} />
        <Number label="cell lines" value={cells.length} />
        <Number label="genes" value={genes.length} />
        <Number label="of all profiles measured" share={measuredProfiles / profiles} />
      </dl>
      <section aria-labelledby="ask">
        <h2 id="ask">Ask</h2>
        <ul class="cards">
          <li>
            <h3>A drug</h3>
            <p>Its strongest genes over all cells, its structure, class and targets.</p>
            <p class="example">
              <DrugLink drug={drug} />
            </p>
          </li>
          <li>
            <h3>A drug in a cell</h3>
            <p>Genes up and down, how far to trust them, and profiles that are alike.</p>
            <p class="example">
              <ProfileLink about={dataset.about(drug.position, Math.max(gap, 0))} />
            </p>
          </li>
          <li>
            <h3>A gene</h3>
            <p>The drugs that raise and lower it most, and in which cells.</p>
            <p class="example">
              <GeneLink gene={first} /> <GeneLink gene={second} />
            </p>
          </li>
          <li>
            <h3>A signature</h3>
            <p>Paste genes that go up and down; find drugs that mimic or reverse them.</p>
            <p class="example">
              <a href={link("signature")}>Paste a signature</a>
              <button type="button" class="plain" onClick={example}>
                An example
              </button>
            </p>
          </li>
        </ul>
      </section>
      <ExpectedR dataset={dataset} />
      <Others dataset={dataset} />
      <section aria-labelledby="cells">
        <h2 id="cells">Cell lines</h2>
        <ul class="names">
          {cells.map(({ cell, measured }) => (
            <li key={cell}>
              <a href={link("cell", [cell])}>{cell}</a> <small>{thousands(measured)}</small>
            </li>
          ))}
        </ul>
        <p class="help">The number is that of drugs measured in the cell line.</p>
      </section>
    </>
  );
}

function Number({ label, value, share }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{share == null ? thousands(value) : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`}</dd>
    </div>
  );
}
