// The answers: what a question gives, before anything is shown. Entries of profiles are those of
// lacuna.explore.index (each profile at length 1) on the scale that is asked for.

import { dot } from "./dataset.js";
import { passing } from "./filters.js";
import { errorOf, factor } from "./scales.js";

const TOP = 25; // genes each way
const MORE = 10; // drugs that are made exact beyond those shown

/** The top genes of one profile, up and down, each with its error. */
export function topGenes(dataset, values, expectedR, scale, count = TOP) {
  const times = factor(expectedR, scale, values.length);
  const error = errorOf(expectedR, values.length, scale);
  const rows = dataset.genes.map((gene, i) => ({ gene, value: times * values[i], error }));
  const sorted = rows.toSorted((a, b) => b.value - a.value || a.gene.position - b.gene.position);
  return { up: sorted.slice(0, count), down: sorted.slice(-count).reverse(), all: sorted };
}

/** A drug in a cell: what is known of the profile, and its genes. */
export async function drugInCell(dataset, drug, cell, { scale = dataset.profileScale, count } = {}) {
  const values = await dataset.profile(drug, cell);
  const about = dataset.about(drug, cell);
  return { about, values, ...topGenes(dataset, values, about.expected_r, scale, count) };
}

/** A drug over cells: the genes that it moves most on average, and their values in each cell. */
export async function drugOverCells(dataset, drug, { filters = {}, count = TOP } = {}) {
  const scale = filters.scale ?? dataset.profileScale;
  const keep = passing(dataset, { source: "", cell: "", least: null, ...filters });
  const values = await dataset.profilesOf(drug);
  const genes = dataset.genes.length;
  const cells = dataset.cells
    .map((_, cell) => dataset.about(drug, cell))
    .filter((about) => keep[about.position]);
  const shown = cells.map((about) => {
    const times = factor(about.expected_r, scale, genes);
    const start = about.cell.position * genes;
    return values.subarray(start, start + genes).map((value) => times * value);
  });
  const known = shown.filter((profile) => profile.some((value) => !Number.isNaN(value)));
  const means = dataset.genes.map((gene, i) => ({
    gene,
    mean: known.reduce((sum, profile) => sum + profile[i], 0) / (known.length || 1),
  }));
  means.sort((a, b) => b.mean - a.mean || a.gene.position - b.gene.position);
  const rows = [...means.slice(0, count), ...means.slice(count).slice(-count)].map((row) => ({
    ...row,
    values: shown.map((profile) => profile[row.gene.position]),
  }));
  return { cells, rows };
}

/** The profiles in which a gene goes furthest up, and down. */
export async function topOfGene(dataset, search, gene, { filters, count = 20 }) {
  const query = new Float64Array(dataset.genes.length);
  query[gene] = 1;
  const weights = Float64Array.from(dataset.columns.expected_r, (r) =>
    factor(r, filters.scale, query.length),
  );
  const keep = passing(dataset, filters);
  const scores = await search.approximate(query);
  const best = (sign) => search.best(query, scores, { keep, weights, sign, count });
  const [up, down] = await Promise.all([best(1), best(-1)]);
  const described = ({ position, score }) => {
    const about = dataset.aboutProfile(position);
    return { ...about, value: score, error: errorOf(about.expected_r, query.length, filters.scale) };
  };
  return { up: up.map(described), down: down.map(described) };
}

/** The direction of a signature: +1 for genes up, -1 for genes down, at length 1. */
export function direction(dataset, up, down) {
  const query = new Float64Array(dataset.genes.length);
  for (const gene of up) query[gene] += 1;
  for (const gene of down) query[gene] -= 1;
  return scaled(query);
}

function scaled(query) {
  const length = Math.sqrt(dot(query, query));
  return length ? query.map((value) => value / length) : query;
}

/** The profiles most like a direction (mimics), and those most opposed to it (reversers). */
export async function similar(dataset, search, query, { filters, without, count = 20 }) {
  const unit = scaled(Float64Array.from(query));
  const keep = passing(dataset, filters);
  if (without != null) keep[without] = 0;
  const scores = await search.approximate(unit);
  const best = (sign) => search.best(unit, scores, { keep, sign, count });
  const [mimics, reversers] = await Promise.all([best(1), best(-1)]);
  const described = ({ position, score }) => ({ ...dataset.aboutProfile(position), score });
  return { mimics: mimics.map(described), reversers: reversers.map(described) };
}

/** Drugs by the mean of their scores over the cells that are asked for; those shown exactly. */
export async function similarDrugs(dataset, search, query, { filters, count = 20 }) {
  const unit = scaled(Float64Array.from(query));
  const keep = passing(dataset, filters);
  const scores = await search.approximate(unit);
  const cells = dataset.cells.map((_, cell) => cell);
  const summed = [];
  for (const drug of dataset.drugs) {
    const asked = cells.filter((cell) => keep[drug.position * cells.length + cell]);
    const sum = asked.reduce((all, cell) => all + scores[drug.position * cells.length + cell], 0);
    if (asked.length) summed.push({ drug, asked, mean: sum / asked.length });
  }
  summed.sort((a, b) => b.mean - a.mean);
  const ends = new Set([...summed.slice(0, count + MORE), ...summed.slice(-count - MORE)]);
  const exact = await Promise.all(
    Array.from(ends, async ({ drug, asked }) => {
      const products = asked.map((cell) => dataset.product(unit, drug.position, cell));
      const found = (await Promise.all(products)).map((score, i) => ({
        cell: dataset.cells[asked[i]],
        score,
      }));
      const mean = found.reduce((all, { score }) => all + score, 0) / found.length;
      found.sort((a, b) => b.score - a.score);
      return { drug, mean, cells: found.length, highest: found[0], lowest: found.at(-1) };
    }),
  );
  exact.sort((a, b) => b.mean - a.mean || a.drug.position - b.drug.position);
  return {
    mimics: exact.filter((one) => one.mean > 0).slice(0, count),
    reversers: exact.toReversed().filter((one) => one.mean < 0).slice(0, count),
  };
}
