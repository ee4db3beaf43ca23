#!/usr/bin/env bash
# One would guess that a sharded Zarr on a web server without HTTP ranges cannot be read, or is read slowly. zarrita 0.7.5 takes the
# answer "200" and the whole file for the range it asked for; with Blosc, or uncompressed, each inner chunk then decodes to the first
# chunk of its shard, without an error (Zstd's decoder complains). HTTP lets any server ignore Range; an unsharded array is right.
# It matters to OME-Zarr 0.5, mostly sharded, that is looked at from a plain server (python -m http.server has no ranges): wrong pixels.
set -eu
work=$(mktemp -d) && trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT && cd "$work"
command -v npm >/dev/null && command -v node >/dev/null || { echo "needs node 18 or newer, and npm"; exit 2; }
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check zarr==3.1.6 numpy==2.4.6 || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts zarrita@0.7.5 >/dev/null || exit 2
venv/bin/python -I - <<'PY'
from importlib.metadata import version
import numpy, zarr

print(f"zarr {version('zarr')}, zarrita 0.7.5")
blosc = zarr.codecs.BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle")
for name, shards, codec in (("whole", None, blosc), ("sharded-blosc", (4, 8), blosc), ("sharded-raw", (4, 8), None)):
    made = zarr.create_array(f"data/{name}", shape=(4, 8), chunks=(4, 2), shards=shards, dtype="uint8",
                             compressors=codec, zarr_format=3)
    made[:] = numpy.repeat(numpy.arange(10, 50, 10, dtype="uint8"), 2)[None]
PY
cat > read.mjs <<'JS'
import * as zarr from "zarrita";
for (const name of ["whole", "sharded-blosc", "sharded-raw"]) {
  let said;
  try {
    const array = await zarr.open.v3(new zarr.FetchStore(`${process.argv[2]}/${name}`), { kind: "array" });
    const row = await zarr.get(array, [0, null]);
    said = Array.from(row.data).join(" ");
  } catch (error) {
    said = `${error.name}: ${error.message}`;
  }
  console.log(`${process.argv[3]}, ${name}: ${said}`);
}
JS
cat > serve.py <<'PY'
import functools, http.server, os, re, sys

class Ranges(http.server.SimpleHTTPRequestHandler):
    """The same files with ranges."""

    def do_GET(self):
        path, asked = self.translate_path(self.path), re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not asked or not os.path.isfile(path):
            return super().do_GET()
        content = open(path, "rb").read()[int(asked[1]):int(asked[2]) + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass

class Plain(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

kind = Ranges if sys.argv[1] == "ranges" else Plain
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(kind, directory="data"))
print(server.server_port, flush=True)
server.serve_forever()
PY
for kind in ranges plain; do
    venv/bin/python -I serve.py "$kind" > port &
    server=$!
    until [ -s port ]; do sleep 0.1; done
    node read.mjs "http://127.0.0.1:$(cat port)" "$kind server" >> seen
    kill "$server"; wait "$server" 2>/dev/null || true
    rm port
done
cat seen
right="10 10 20 20 30 30 40 40" wrong="10 10 10 10 10 10 10 10"
cat > stated <<TXT
ranges server, whole: $right
ranges server, sharded-blosc: $right
ranges server, sharded-raw: $right
plain server, whole: $right
plain server, sharded-blosc: $wrong
plain server, sharded-raw: $wrong
TXT
cmp -s seen stated || { echo "changed; stated was:"; cat stated; exit 1; }
echo "as stated"
