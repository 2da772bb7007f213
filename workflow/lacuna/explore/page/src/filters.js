// Which profiles are asked for: by source, cell, and the least expected r.

import { SOURCES } from "./dataset.js";

/** The filters of an address; what it does not know counts as not set. */
export function readFilters(query, dataset, usual = dataset.profileScale) {
  const least = Number.parseFloat(query.get("least") ?? "");
  const source = query.get("source");
  const cell = query.get("cell");
  const scale = query.get("scale");
  return {
    source: SOURCES.includes(source) ? source : "",
    cell: dataset.cells.some((one) => one.cell === cell) ? cell : "",
    least: Number.isFinite(least) ? least : null,
    scale: scale in dataset.scales ? scale : usual,
  };
}

/** Which profiles pass, by position: 1 or 0. */
export function passing(dataset, { source, cell, least }) {
  const keep = new Uint8Array(dataset.profiles);
  const code = source ? SOURCES.indexOf(source) : -1;
  const place = dataset.cells.findIndex((one) => one.cell === cell);
  const cells = dataset.cells.length;
  const { source: sources, expected_r } = dataset.columns;
  for (let i = 0; i < keep.length; i++) {
    keep[i] =
      (code < 0 || sources[i] === code) &&
      (place < 0 || i % cells === place) &&
      (least === null || expected_r[i] >= least);
  }
  return keep;
}
