// The address after #: what is asked, so that it can be sent, and Back works.
// #/drug/ID, #/drug/ID/CELL, #/cell/CELL, #/gene/ID, #/signature?up=A,B&down=C; filters follow ?.

import { useEffect, useMemo, useState } from "preact/hooks";

export function read(hash = globalThis.location.hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const words = path.split("/").filter(Boolean).map(decode);
  return { page: words[0] ?? "", ids: words.slice(1), query: new URLSearchParams(query) };
}

function decode(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word; // a lone % in an address that somebody typed
  }
}

export function link(page, ids = [], query = {}) {
  const path = [page, ...ids].map((id) => encodeURIComponent(String(id))).join("/");
  const set = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  const asked = new URLSearchParams(set).toString();
  return `#/${path}${asked ? `?${asked}` : ""}`;
}

export function go(address) {
  globalThis.location.hash = address;
}

/** Change the filters in the address without a step of Back. */
export function alter(change) {
  const { page, ids, query } = read();
  const address = link(page, ids, { ...Object.fromEntries(query), ...change });
  globalThis.history.replaceState(null, "", address);
  globalThis.dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute() {
  const [hash, setHash] = useState(() => globalThis.location.hash);
  useEffect(() => {
    const follow = () => setHash(globalThis.location.hash);
    globalThis.addEventListener("hashchange", follow);
    follow(); // the address may have changed since the first look, while the page was drawn
    return () => globalThis.removeEventListener("hashchange", follow);
  }, []);
  return useMemo(() => read(hash), [hash]);
}
