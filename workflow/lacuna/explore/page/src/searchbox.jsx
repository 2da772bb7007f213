// One box for drugs, cells and genes: an ARIA combobox with a list.

import { useEffect, useRef, useState } from "preact/hooks";

import { go, link } from "./route.js";

export const addressOf = (one) =>
  one.kind === "dropped" ? link("dropped", [one.id]) : link(one.kind, [one.id]);

export function SearchBox({ names }) {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const input = useRef(null);
  const wanted = text.trim();
  const found = wanted ? names.search(wanted) : [];
  const alike = wanted && !found.length ? names.alike(wanted) : [];
  const options = found.length ? found : alike;

  useEffect(() => {
    const focus = (event) => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        input.current.focus();
      }
    };
    document.addEventListener("keydown", focus);
    return () => document.removeEventListener("keydown", focus);
  }, []);

  const choose = (one) => {
    setText("");
    setOpen(false);
    go(addressOf(one));
  };
  const onKeyDown = (event) => {
    if (event.key === "Escape") {
      setOpen(false);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (options[active]) choose(options[active]);
    } else if (options.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setOpen(true);
      setActive((active + step + options.length) % options.length);
    }
  };
  const shown = open && wanted;
  return (
    <div class="searchbox" role="search">
      <label class="hidden" for="search">
        Search a drug, a cell or a gene
      </label>
      <input
        id="search"
        ref={input}
        type="text"
        autocomplete="off"
        spellcheck={false}
        placeholder="Drug, cell or gene"
        role="combobox"
        aria-expanded={Boolean(shown && options.length)}
        aria-controls="found"
        aria-autocomplete="list"
        aria-activedescendant={shown && options[active] ? `found-${active}` : null}
        value={text}
        onInput={(event) => {
          setText(event.target.value);
          setActive(0);
          setOpen(true);
        }}
        onKeyDown={onKeyDown}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
      />
      <kbd aria-hidden="true">/</kbd>
      <div class="hidden" role="status">
        {shown && !found.length ? nothing(wanted, alike) : ""}
      </div>
      {shown && (
        <div class="found">
          {!found.length && <p>{nothing(wanted, alike)}</p>}
          <ul id="found" role="listbox" aria-label="Found">
            {options.map((one, i) => (
              <li
                id={`found-${i}`}
                key={`${one.kind} ${one.id}`}
                role="option"
                aria-selected={i === active}
                onMouseDown={(event) => {
                  event.preventDefault(); // the box would lose the focus, and close
                  choose(one);
                }}
              >
                <b>{one.name}</b> <span>{one.note}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

const nothing = (wanted, alike) =>
  `Nothing is called “${wanted}”.${alike.length ? " Did you mean:" : ""}`;
