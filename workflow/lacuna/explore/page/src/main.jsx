// The page: its frame, and the view that the address asks for.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import * as answers from "./answers.js";
import { Dataset } from "./dataset.js";
import { readFilters } from "./filters.js";
import { Names } from "./names.js";
import { link, useRoute } from "./route.js";
import { comparable, errorOf } from "./scales.js";
import { Search } from "./search.js";
import { SearchBox } from "./searchbox.jsx";
import { CellView } from "./views/cell.jsx";
import { DroppedView } from "./views/dropped.jsx";
import { DrugView } from "./views/drug.jsx";
import { GeneView } from "./views/gene.jsx";
import { HomeView } from "./views/home.jsx";
import { NowhereView } from "./views/nowhere.jsx";
import { ProfileView } from "./views/profile.jsx";
import { SignatureView } from "./views/signature.jsx";

const VIEWS = {
  "": HomeView,
  drug: DrugView,
  cell: CellView,
  gene: GeneView,
  signature: SignatureView,
  dropped: DroppedView,
};

function Page({ house }) {
  const { dataset } = house;
  const route = useRoute();
  const key = [route.page, ...route.ids].join("/");
  const main = useRef(null);
  const first = useRef(true);
  useEffect(() => {
    const heading = main.current.querySelector("h1");
    const said = heading ? heading.textContent : "";
    document.title = route.page ? `${said} · ${dataset.dataset}` : `${dataset.dataset} · Lacuna`;
    if (!first.current) {
      globalThis.scrollTo(0, 0);
      heading?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [key]);
  return (
    <>
      <a class="skip" href={globalThis.location.hash || "#/"} onClick={skipTo(main)}>
        To the content
      </a>
      <header>
        <div class="frame bar">
          <a class="brand" href={link("")}>
            <span class="mark" aria-hidden="true">
              <i></i>
            </span>
            Lacuna <small>{dataset.dataset}</small>
          </a>
          <SearchBox names={house.names} />
          <nav aria-label="Questions">
            <a href={link("signature")} aria-current={route.page === "signature" ? "page" : null}>
              Paste a signature
            </a>
          </nav>
        </div>
      </header>
      {dataset.simulated && (
        <p class="notice frame" role="note">
          <b>Simulated data.</b> Drugs, cells and profiles of this run were made up by a simulator;
          nothing here is a finding.
        </p>
      )}
      <main id="main" class="frame" ref={main} tabIndex="-1">
        <View key={key} house={house} route={route} />
      </main>
      <footer>
        <div class="frame">
          Made by Lacuna {dataset.version} from <code>{dataset.source}</code>. Everything here is
          read from the folder of this page; nothing is sent anywhere.
        </div>
      </footer>
    </>
  );
}

const skipTo = (main) => (event) => {
  event.preventDefault();
  main.current.focus();
};

function View({ house, route }) {
  const { dataset, names } = house;
  const Named = route.page === "drug" && route.ids.length > 1 ? ProfileView : VIEWS[route.page];
  if (!Named) return <NowhereView house={house} wanted={route.page} />;
  const usual = route.page === "gene" ? dataset.scale : dataset.profileScale;
  const filters = readFilters(route.query, dataset, usual);
  const subjects = {};
  for (const [i, id] of route.ids.entries()) {
    const kind = i ? "cell" : route.page;
    const found = names.find(kind, id);
    if (!found) return <NowhereView house={house} kind={kind} wanted={id} />;
    subjects[kind] = found;
  }
  if (route.page && route.page !== "signature" && !route.ids.length) {
    return <NowhereView house={house} kind={route.page} wanted="" />;
  }
  return <Named house={house} filters={filters} route={route} {...subjects} />;
}

function Failed({ error }) {
  return (
    <main class="frame">
      <h1>This page cannot be shown</h1>
      <p role="alert">{error.message}</p>
    </main>
  );
}

async function start() {
  const root = document.getElementById("page");
  try {
    const dataset = await Dataset.open();
    const house = { dataset, names: new Names(dataset), search: new Search(dataset) };
    root.replaceChildren();
    render(<Page house={house} />, root);
    document.documentElement.dataset.ready = "yes";
    globalThis.lacuna = { ...house, answers, comparable, errorOf }; // for a console
    setTimeout(() => house.search.load().catch(() => {}), 150); // what scores need, in the background
  } catch (error) {
    root.replaceChildren();
    render(<Failed error={error} />, root);
    throw error;
  }
}

start();
