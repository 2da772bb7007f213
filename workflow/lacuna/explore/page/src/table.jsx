// A table that can be sorted and saved.

import { useState } from "preact/hooks";

import { number } from "./parts.jsx";

const FIRST = 50; // rows that are shown unasked

/**
 * `columns`: key, label, of(row) for sorting and saving; optional show(row), digits, help.
 * A column of numbers has `digits`, and is `left` where more than the number is shown; one that is
 * `saved` is not shown.
 */
export function Table({ caption, columns, rows, file, first = FIRST, sorted = null }) {
  const tells = (column) => !column.saved && rows.some((row) => column.of(row) !== "");
  const seen = columns.filter(tells); // a column where nothing is known takes room alone
  const [order, setOrder] = useState(sorted); // {key, down}
  const [all, setAll] = useState(false);
  const by = order && columns.find((column) => column.key === order.key);
  const inOrder = by ? rows.toSorted(comparing(by, order.down)) : rows;
  const shown = all ? inOrder : inOrder.slice(0, first);
  const sort = (column) => {
    const same = order?.key === column.key;
    setOrder({ key: column.key, down: same ? !order.down : column.digits != null });
  };
  return (
    <figure class="table">
      <figcaption>
        <span>{caption}</span>
        {rows.length > 0 && (
          <button type="button" class="save" onClick={() => save(file, columns, inOrder)}>
            Save<span class="hidden"> {caption} as a table</span> (TSV)
          </button>
        )}
      </figcaption>
      {rows.length === 0 ? (
        <p>Nothing passes the filters.</p>
      ) : (
        <div class="scroll" tabIndex="0" role="region" aria-label={caption}>
          <table>
            <thead>
              <tr>
                {seen.map((column) => (
                  <th
                    key={column.key}
                    scope="col"
                    class={side(column)}
                    aria-sort={ariaSort(order, column)}
                  >
                    <button type="button" title={column.help} onClick={() => sort(column)}>
                      {column.label}
                      <span class="arrow" aria-hidden="true">
                        {order?.key === column.key ? (order.down ? "▾" : "▴") : ""}
                      </span>
                    </button>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row, i) => (
                <tr key={i}>
                  {seen.map((column) => (
                    <td key={column.key} class={side(column)}>
                      {column.show ? column.show(row) : written(column, row)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > shown.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {rows.length.toLocaleString("en")}
        </button>
      )}
    </figure>
  );
}

const side = (column) => (column.digits != null && !column.left ? "right" : null);

function written(column, row) {
  const value = column.of(row);
  if (column.digits == null) return value;
  return number(value, column.digits, { sign: column.sign });
}

function ariaSort(order, column) {
  if (order?.key !== column.key) return "none";
  return order.down ? "descending" : "ascending";
}

function comparing({ of }, down) {
  const sign = down ? -1 : 1;
  return (a, b) => {
    const [left, right] = [of(a), of(b)];
    if (typeof left === "string") return sign * left.localeCompare(right, "en", { numeric: true });
    if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) - Number.isNaN(right);
    return sign * (left - right);
  };
}

/** Hand over rows as a file of tab-separated values. */
export function save(file, columns, rows) {
  const lines = [columns.map((column) => column.key)];
  for (const row of rows) lines.push(columns.map((column) => field(column.of(row))));
  const text = lines.map((line) => line.join("\t")).join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/tab-separated-values" }));
  link.download = `${file.replace(/[^\w.-]+/g, "_")}.tsv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function field(value) {
  if (value == null || Number.isNaN(value)) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(7)));
  const text = String(value).replace(/[\t\r\n]+/g, " ");
  return /^[=+\-@]/.test(text) ? `'${text}` : text; // a spreadsheet would run it as a formula
}
