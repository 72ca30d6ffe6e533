import React, { useEffect, useRef } from "react";
import { useHistory } from "@docusaurus/router";

export default function SearchBar() {
  const search = useRef(null);
  const history = useHistory();
  // Results of this site are opened by its router, without loading the page again.
  useEffect(() => {
    const element = search.current;
    const select = (event) => {
      const { origin, pathname, search, hash } = new URL(event.detail.url);
      if (event.detail.newTab || origin !== location.origin) return;
      event.preventDefault();
      history.push(pathname + search + hash);
    };
    element.addEventListener("cloze-select", select);
    return () => element.removeEventListener("cloze-select", select);
  }, [history]);
  return <cloze-search ref={search} endpoint="ENDPOINT" hotkeys="/ mod+k" placeholder="Search the docs" />;
}
