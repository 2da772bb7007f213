// A pasted signature: the drugs that mimic and reverse it.

import { useEffect, useState } from "preact/hooks";

import { direction, similar, similarDrugs } from "../answers.js";
import { namesIn } from "../names.js";
import { Answered, Filters, useAnswer } from "../parts.jsx";
import { go, link } from "../route.js";
import { Table } from "../table.jsx";
import { drugColumns, hitColumns } from "./columns.jsx";

export function SignatureView({ house, filters, route }) {
  const { dataset } = house;
  const asked = { up: route.query.get("up") ?? "", down: route.query.get("down") ?? "" };
  const [up, setUp] = useState(lines(asked.up));
  const [down, setDown] = useState(lines(asked.down));
  useEffect(() => {
    setUp(lines(asked.up)); // as Back and Forward go from one signature to another
    setDown(lines(asked.down));
  }, [asked.up, asked.down]);
  const submit = (event) => {
    event.preventDefault();
    const query = { up: namesIn(up).join(","), down: namesIn(down).join(",") };
    const kept = Object.fromEntries(route.query);
    go(link("signature", [], { ...kept, ...query }));
  };
  return (
    <>
      <p class="kind">Signature</p>
      <h1 tabIndex="-1">Which drugs mimic it, which reverse it?</h1>
      <p class="lead">
        Paste genes by symbol, Entrez or Ensembl id, separated by lines, commas or blanks. One of the
        two lists may stay empty.
      </p>
      <form class="signature" onSubmit={submit}>
        <label>
          Genes up
          <textarea rows="6" spellcheck={false} value={up} onInput={(e) => setUp(e.target.value)} />
        </label>
        <label>
          Genes down
          <textarea
            rows="6"
            spellcheck={false}
            value={down}
            onInput={(e) => setDown(e.target.value)}
          />
        </label>
        <button type="submit" class="main">
          Ask
        </button>
      </form>
      {(asked.up || asked.down) && <Found house={house} filters={filters} asked={asked} />}
      {!asked.up && !asked.down && (
        <p class="help">
          The genes of this run: {dataset.genes.length.toLocaleString("en")}, such as{" "}
          {dataset.genes.slice(0, 5).map((gene) => gene.label).join(", ")}.
        </p>
      )}
    </>
  );
}

const lines = (text) => namesIn(text).join("\n");

function Found({ house, filters, asked }) {
  const { dataset, names } = house;
  const up = names.findGenes(namesIn(asked.up));
  const down = names.findGenes(namesIn(asked.down));
  const both = up.positions.filter((gene) => down.positions.includes(gene));
  const count = up.positions.length + down.positions.length;
  const missing = [...up.missing, ...down.missing];
  return (
    <>
      <h2>Genes</h2>
      <p role="status">
        {up.positions.length} up and {down.positions.length} down are among the{" "}
        {dataset.genes.length.toLocaleString("en")} genes of this run
        {missing.length ? `; ${missing.length} are not and count for nothing:` : "."}
      </p>
      {missing.length > 0 && <p class="missing">{missing.join(", ")}</p>}
      {both.length > 0 && (
        <p role="alert">
          {both.map((gene) => dataset.genes[gene].label).join(", ")}: up and down at once. Take each
          out of one list.
        </p>
      )}
      {count === 0 && <p role="alert">None of these genes is in this run: there is nothing to ask.</p>}
      {count > 0 && both.length === 0 && (
        <Hits house={house} filters={filters} up={up.positions} down={down.positions} />
      )}
    </>
  );
}

function Hits({ house, filters, up, down }) {
  const { dataset, search } = house;
  const query = direction(dataset, up, down);
  const on = [up.join(), down.join(), filters.source, filters.cell, filters.least];
  const answer = useAnswer(() => similar(dataset, search, query, { filters }), on);
  const drugs = useAnswer(() => similarDrugs(dataset, search, query, { filters }), on);
  const file = `${dataset.dataset} signature`;
  return (
    <>
      <h2>Profiles and drugs</h2>
      <Filters dataset={dataset} filters={filters} scales={false} />
      <Answered answer={answer} search={search}>
        {({ mimics, reversers }) => (
          <>
            <p class="help">
              Scored by the cosine between the signature (+1 up, −1 down) and each profile: 1 points
              the same way, −1 the opposite way. For the weighted connectivity score, tau, p and FDR:{" "}
              <code>
                lacuna similar --dataset {dataset.dataset} --up up.txt --down down.txt
              </code>
            </p>
            <div class="pair">
              <Table caption="Mimics" rows={mimics} columns={hitColumns} file={`${file} mimics`} />
              <Table
                caption="Reversers"
                rows={reversers}
                columns={hitColumns}
                file={`${file} reversers`}
              />
            </div>
          </>
        )}
      </Answered>
      <h2>Drug by drug, over cells</h2>
      <Answered answer={drugs} search={search}>
        {({ mimics, reversers }) => (
          <div class="pair">
            <Table
              caption="Drugs that mimic it"
              rows={mimics}
              columns={drugColumns}
              file={`${file} mimicking drugs`}
            />
            <Table
              caption="Drugs that reverse it"
              rows={reversers}
              columns={drugColumns}
              file={`${file} reversing drugs`}
            />
          </div>
        )}
      </Answered>
    </>
  );
}
