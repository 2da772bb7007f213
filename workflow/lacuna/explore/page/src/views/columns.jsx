// Columns of tables that several views share.

import { DrugLink, GeneLink, ProfileLink, Source, Trust } from "../parts.jsx";

/** How many digits a scale's values are written with, after a format of Python's. */
const digitsOf = ({ form }) => Number(form.match(/\.(\d+)f/)[1]);

/** The columns of genes, on a scale of the dataset. */
export const geneColumns = (dataset, scale) => [
  {
    key: "symbol",
    label: "gene",
    of: (row) => row.gene.label,
    show: (row) => <GeneLink gene={row.gene} />,
  },
  { key: "gene", label: "id", of: (row) => String(row.gene.gene) },
  {
    key: "value",
    label: dataset.scales[scale].label,
    digits: digitsOf(dataset.scales[scale]),
    sign: true,
    of: (row) => row.value,
  },
  {
    key: "error",
    label: "±",
    saved: dataset.hidden[scale]?.includes("error"),
    help: "standard deviation of a fresh measurement about what is expected of it",
    digits: 3,
    of: (row) => row.error,
  },
];

const drugColumn = {
  key: "drug",
  label: "drug",
  of: (row) => row.drug.name || row.drug.drug,
  show: (row) => (
    <>
      <DrugLink drug={row.drug} />
      <Mechanism drug={row.drug} />
    </>
  ),
};
const idColumn = { key: "id", label: "drug id", of: (row) => row.drug.drug };
const Mechanism = ({ drug }) => drug.moa && <small class="below">{drug.moa}</small>;
const moaColumn = { key: "moa", saved: true, of: (row) => row.drug.moa }; // shown below the drug
const cellColumn = {
  key: "cell",
  label: "cell",
  of: (row) => row.cell.cell,
  show: (row) => <ProfileLink about={row}>{row.cell.cell}</ProfileLink>,
};
const sourceColumn = {
  key: "source",
  label: "source",
  of: (row) => row.source,
  show: (row) => <Source about={row} />,
};
const trustColumn = {
  key: "expected_r",
  label: "expected r",
  help: "correlation to expect with a fresh measurement",
  digits: 2,
  left: true,
  of: (row) => row.expected_r,
  show: (row) => <Trust about={row} />,
};

/** Profiles with a score. */
export const hitColumns = [
  drugColumn,
  cellColumn,
  { key: "score", label: "cosine", digits: 3, sign: true, of: (row) => row.score },
  sourceColumn,
  trustColumn,
  moaColumn,
];

/** Profiles with a gene's value. */
export const valueColumns = ({ label, form }) => [
  drugColumn,
  cellColumn,
  { key: "value", label, digits: digitsOf({ form }), sign: true, of: (row) => row.value },
  sourceColumn,
  trustColumn,
  moaColumn,
];

const extreme = (which, label) => ({
  key: which,
  label,
  of: (row) => row[which].cell.cell,
  show: (row) => (
    <ProfileLink about={{ drug: row.drug, cell: row[which].cell }}>
      {row[which].cell.cell}
    </ProfileLink>
  ),
});

/** Drugs with their mean score over cells. */
export const drugColumns = [
  drugColumn,
  {
    key: "mean",
    label: "mean cosine",
    help: "over the cells that pass the filters",
    digits: 3,
    sign: true,
    of: (row) => row.mean,
  },
  { key: "cells", label: "cells", digits: 0, of: (row) => row.cells },
  extreme("highest", "most alike in"),
  extreme("lowest", "most opposed in"),
  moaColumn,
];

/** Drugs of a cell. */
export const drugInCellColumns = [
  {
    ...drugColumn,
    show: (row) => (
      <>
        <ProfileLink about={row}>{row.drug.name || row.drug.drug}</ProfileLink>
        <Mechanism drug={row.drug} />
      </>
    ),
  },
  idColumn,
  sourceColumn,
  trustColumn,
  moaColumn,
];
