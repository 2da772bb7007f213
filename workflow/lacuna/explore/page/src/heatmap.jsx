// Genes by cells as a table of colours, which a screen reader reads as numbers.

import { Source, number } from "./parts.jsx";
import { GeneLink, ProfileLink } from "./parts.jsx";
import { save } from "./table.jsx";

const OF_COLOURS = 0.98; // of all values lie within the ends of the colours
const MANY = 30; // cells, which are then drawn narrower

export function Heatmap({ caption, rows, cells, file }) {
  const end = quantile(rows.flatMap((row) => Array.from(row.values, Math.abs)), OF_COLOURS) || 1;
  const columns = [
    { key: "gene", of: (row) => row.gene.gene },
    { key: "symbol", of: (row) => row.gene.symbol },
    ...cells.map((about, i) => ({ key: about.cell.cell, of: (row) => row.values[i] })),
  ];
  return (
    <figure class={cells.length > MANY ? "heatmap dense" : "heatmap"}>
      <figcaption>
        <span>{caption}</span>
        <button type="button" class="save" onClick={() => save(file, columns, rows)}>
          Save<span class="hidden"> the heatmap as a table</span> (TSV)
        </button>
      </figcaption>
      <div class="scroll" tabIndex="0" role="region" aria-label={caption}>
        <table>
          <thead>
            <tr>
              <th scope="col" class="corner">
                <span class="hidden">Gene</span>
              </th>
              {cells.map((about) => (
                <th key={about.cell.cell} scope="col" class="tall">
                  <ProfileLink about={about}>{about.cell.cell}</ProfileLink>
                </th>
              ))}
            </tr>
            <tr>
              <th scope="row">source</th>
              {cells.map((about) => (
                <td key={about.cell.cell}>
                  <Source about={about} words={false} />
                </td>
              ))}
            </tr>
            <tr>
              <th scope="row">expected r</th>
              {cells.map((about) => (
                <td key={about.cell.cell} class="small" title={about.tier}>
                  {number(about.expected_r).replace(/^0/, "")}
                </td>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.gene.gene}>
                <th scope="row">
                  <GeneLink gene={row.gene} />
                </th>
                {cells.map((about, i) => (
                  <td
                    key={about.cell.cell}
                    style={`background:${colour(row.values[i] / end)}`}
                    title={`${row.gene.label} in ${about.cell.cell}: ${number(row.values[i], 3)}`}
                  >
                    <span class="hidden">{number(row.values[i], 3)}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Legend end={end} />
    </figure>
  );
}

function Legend({ end }) {
  return (
    <p class="legend">
      <span>
        {number(-end)} <i class="ramp" aria-hidden="true"></i> {number(end, 2, { sign: true })}
      </span>
      <span>
        <i class="dot measured" aria-hidden="true"></i> measured
      </span>
      <span>
        <i class="dot predicted" aria-hidden="true"></i> predicted
      </span>
      <span>
        <i class="dot fallback" aria-hidden="true"></i> plain mean
      </span>
    </p>
  );
}

/** Down to up: from one colour over white to the other; grey where nothing is known. */
export function colour(share) {
  if (Number.isNaN(share)) return "var(--missing)";
  const percent = Math.round(100 * Math.min(Math.abs(share), 1));
  return `color-mix(in oklab, var(--${share < 0 ? "down" : "up"}) ${percent}%, white)`;
}

function quantile(values, share) {
  const sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  return sorted[Math.floor(share * (sorted.length - 1))];
}
