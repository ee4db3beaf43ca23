// Reads a tile of an OME-Zarr as a web page does: with zarrita and fetch, by its address alone.
//
//     node read_tile.js URL
//
// Each line of stdin, {"path", "channel", "rows", "columns"}, is answered by one line of JSON.
import { createInterface } from "node:readline";
import * as zarr from "zarrita";

async function answer(url, { path, channel, rows, columns }) {
  // Opened anew each time: nothing that an earlier answer brought helps.
  const root = zarr.root(new zarr.FetchStore(url));
  const group = await zarr.open(root, { kind: "group" });
  const array = await zarr.open(root.resolve(path), { kind: "array" });
  const cut = [0, channel, 0, zarr.slice(...rows), zarr.slice(...columns)];
  const tile = await zarr.get(array, cut);
  return {
    channels: (group.attrs.ome ?? group.attrs).omero.channels.map((one) => one.label),
    dtype: array.dtype,
    shape: tile.shape,
    values: Array.from(tile.data),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify(await answer(process.argv[2], JSON.parse(line))));
  } catch (error) {
    console.log(JSON.stringify({ error: `${error.name}: ${error.message}` }));
  }
}
