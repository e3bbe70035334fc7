// The first script of a small page: it unpacks style and script, which the page's policy lets in by their hashes.

async function unpack() {
  document.body.hidden = true;
  const bytes = Uint8Array.from(atob(document.getElementById("data")?.textContent?.trim() ?? ""), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const found = JSON.parse(await new Response(stream).text());
  for (const kind of ["style", "script"]) {
    const element = document.createElement(kind);
    element.textContent = found[kind];
    document.head.append(element);
    document.body.hidden = false;
  }
}

unpack();
