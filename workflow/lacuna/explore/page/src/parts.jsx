// Parts that several views share.

import { useEffect, useState } from "preact/hooks";

import { alter, link } from "./route.js";

const MINUS = "\u2212";
const MEAN = "predicted by a plain mean, for want of anything nearer";

export function number(value, digits = 2, { sign = false } = {}) {
  if (value == null || Number.isNaN(value)) return "–";
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? MINUS : sign ? "+" : "") + text;
}

export const thousands = (value) => value.toLocaleString("en");

/** A dot for a measured profile, a ring for a predicted one, a dashed ring for a plain mean. */
export function Source({ about, words = true }) {
  const kind = about.fallback ? "fallback" : about.source;
  const said = about.fallback ? "plain mean" : about.source;
  return (
    <span class="source" title={about.fallback ? MEAN : said}>
      <i class={`dot ${kind}`} aria-hidden="true"></i>
      <span class={words ? "word" : "hidden"}>{said}</span>
    </span>
  );
}

/** The expected r in figures, as a bar, and in words. */
export function Trust({ about, words = true }) {
  const { expected_r: r, tier } = about;
  if (Number.isNaN(r)) return <span class="unknown">not known</span>;
  return (
    <span class="trust">
      {number(r)}
      <i class="meter" aria-hidden="true" style={`--share:${Math.max(r, 0)}`}></i>
      {words && <span class="tier">{tier}</span>}
    </span>
  );
}

export const DrugLink = ({ drug }) => (
  <a href={link("drug", [drug.drug])}>{drug.name || drug.drug}</a>
);

export const GeneLink = ({ gene }) => <a href={link("gene", [gene.gene])}>{gene.label}</a>;

export function ProfileLink({ about, children }) {
  return (
    <a href={link("drug", [about.drug.drug, about.cell.cell])}>
      {children ?? `${about.drug.name || about.drug.drug} in ${about.cell.cell}`}
    </a>
  );
}

/** What an answer needs, made anew when `on` changes; {value, error}. */
export function useAnswer(make, on) {
  const [state, setState] = useState({});
  useEffect(() => {
    let wanted = true;
    setState((before) => ({ value: before.value, stale: true }));
    make().then(
      (value) => wanted && setState({ value }),
      (error) => {
        if (wanted) setState({ error });
        console.warn(error.message);
      },
    );
    return () => {
      wanted = false;
    };
  }, on);
  return state;
}

/** Shows an answer when it is there, and until then how much of the data is. */
export function Answered({ answer, search, children }) {
  const [done, setDone] = useState(search?.done ?? 1);
  const waits = !answer.value && !answer.error;
  useEffect(() => {
    if (!waits || !search) return undefined;
    const timer = setInterval(() => setDone(search.done), 100);
    return () => clearInterval(timer);
  }, [waits]);
  if (answer.error) return <p role="alert">{answer.error.message}</p>;
  if (waits) {
    return (
      <p class="waiting" role="status">
        {done < 1 ? (
          <>
            Loading the profiles <progress value={done} max="1"></progress>
          </>
        ) : (
          "Asking"
        )}
      </p>
    );
  }
  return (
    <div class={answer.stale ? "answer stale" : "answer"} aria-busy={Boolean(answer.stale)}>
      {children(answer.value)}
    </div>
  );
}

/** Filters and the scale, kept in the address. */
export function Filters({ dataset, filters, cells = true, scales = true, profiles = true }) {
  const known = dataset.hasExpectedR;
  return (
    <form class="filters" aria-label={profiles ? "Filters" : "Scale"} onSubmit={(event) => event.preventDefault()}>
      {profiles && (
      <label>
        Source
        <select value={filters.source} onChange={(e) => alter({ source: e.target.value })}>
          <option value="">any</option>
          <option value="measured">measured</option>
          <option value="predicted">predicted</option>
        </select>
      </label>
      )}
      {profiles && cells && (
        <label>
          Cell
          <select value={filters.cell} onChange={(e) => alter({ cell: e.target.value })}>
            <option value="">all {dataset.cells.length}</option>
            {dataset.cells.map(({ cell }) => (
              <option key={cell}>{cell}</option>
            ))}
          </select>
        </label>
      )}
      {profiles && known && (
        <label>
          Expected r
          <select value={filters.least ?? ""} onChange={(e) => alter({ least: e.target.value })}>
            <option value="">any</option>
            {dataset.tiers
              .filter((tier) => tier.at_least > 0)
              .map((tier) => (
                <option key={tier.name} value={tier.at_least}>
                  {tier.at_least} or more
                </option>
              ))}
          </select>
        </label>
      )}
      {scales && known && (
        <label>
          Scale
          <select value={filters.scale} onChange={(e) => alter({ scale: e.target.value })}>
            {Object.entries(dataset.scales).map(([name, { label }]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      {scales && <p class="help">{dataset.scales[filters.scale].label}: {dataset.scales[filters.scale].about}.</p>}
    </form>
  );
}
