"""What stands under the commands' help: examples, and what a newcomer must know."""

TOP = """\
examples:
  vidcolor example demo                                 a small gray film and its references, to try the next line
  vidcolor run demo/film.mov --keyframes demo/refs      the main job: cut, colour, deliver; run again to go on
  vidcolor status demo/film.vidcolor                    which shots are fresh, which are stale

A picture named by a frame number, timecode or time (000134.png, frame_40.png, 01-00-05-09.png) colours that
frame; with any other number in its name (coat_2024.png) it does so if it fits; all others are offered to every
shot. A mask beside a picture (coat.region-000134.png) gives the white part of that frame the colours of coat.png.
Change one picture and run again: only the shots it touches render again.
"""

MEASURE = """\
examples:
  vidcolor measure film_color.mov truth.mov
  vidcolor measure film_color.mov truth/ --keyframes refs/ --report measured/
  vidcolor measure out/000134.png truth/000134.png --reference coat.png --json figures.json

Frames are paired by number: a film's count from 0, a picture's number is the last in its name. Figures are means
over frames; a keyframe is left out. Colour is judged under the truth's own lightness, so that only colour counts.
The gray frame has no colour at all; the static copy has the colours of the nearest keyframe, unmoved: a result is
worth something where it is better than both. JSON, CSV and page are replaced if an earlier run wrote them; no other
file is.
"""

FARM = """
openjd run job/template.json -p Project=$PWD/northwind.vidcolor does the job on this machine.

Without an engine, after `vidcolor plan`, in a shell on each machine that sees the same folders:
  vidcolor render northwind.vidcolor          takes shots that no other machine has, until all are rendered
or by GNU parallel, a shot a task:
  vidcolor render northwind.vidcolor --dry-run | awk '/^would/ {print $3}' |
    parallel -S one,other vidcolor render $PWD/northwind.vidcolor {} --farm

or on a cluster of Ray, whose machines all see the project at the same path (pip install 'vidcolor[cluster]'):
  ray start --head; on each other machine: ray start --address=HEAD:6379
  vidcolor render northwind.vidcolor --on ray
The first work on a machine compiles for half a minute, once for each installation: one that is shared compiles once.

A shot is rendered once, whoever asks: a machine holds it by a file in `leases`, which it changes every 5 seconds. One
that has been silent for a minute is taken over, and its work gone on with. Machines need the same vidcolor and kind of
processor; another is refused by name.
"""

DELIVERIES = """
deliveries:
  prores-422hq     ProRes 422 HQ, 10-bit 4:2:2, MOV: the usual master
  prores-4444      ProRes 4444, 10-bit 4:4:4, MOV: every chroma sample kept
  prores-4444-xq   ProRes 4444 XQ, 10-bit 4:4:4, MOV: the least that ProRes loses
  ffv1             FFV1, 10-bit 4:4:4, MKV: lossless, for the archive
  ffv1-16          FFV1, 16-bit 4:4:4, MKV: lossless, luma at the film's own depth and range
  dnxhr-hqx        DNxHR HQX, 10-bit 4:2:2, MOV; or MXF, where -o names it .mxf
  dnxhr-444        DNxHR 444, 10-bit 4:4:4, likewise
  dnxhr-hqx-mxf, dnxhr-444-mxf
                   the same in MXF OP1a, with timecode and reel; sound is PCM of 48 kHz, as long as the picture
  dpx-10, dpx-12, dpx-16
                   a folder of DPX, R'G'B' codes of full range; timecode, rate and reel in each
  tiff-16          a folder of TIFF, R'G'B' codes of full range
  exr              a folder of EXR in half floats, light of Rec.709 or ACES (--set export.exr_primaries=ap0)
  mattes           a folder of EXR with a channel for each hint, paint or region: where it counts, as it was carried
  mattes-gray      a folder of gray TIFF of 16 bits, a sequence for each of these
  proxy            H.264, 8-bit 4:2:0, shot, frame and timecode burnt in: for review only
  proxy-av1        the same as AV1, MP4

The luma of R'G'B' pictures is what decodes back from them by the film's matrix: green is chosen so that it is the
film's own, code for code, where they have as many bits (of an EXR count 12). It is measured on every sample; the
manifest says how near it came. Pictures are numbered as the film's own are, or from 0 (export.numbering).

Proxies alone can show the gray film beside the colours or wiped with them (--set export.proxy_compare=side), and be
seen through a LUT (export.proxy_lut=FILE.cube) or a view of OpenColorIO (export.proxy_view=DISPLAY/VIEW).
"""
REELS = """
a film of several reels:
  vidcolor run reel1.mov reel2.mov --keyframes refs/ --project film.vidcolor
  Each reel is a project of its own in the film's folder (without --project: FOLDER.vidcolor in the folder that they
  lie in), called r1, r2, ... by its file's name, or as they stand on the line. Run the same line again to go on.
  References of frames say which reel they are of: r2-000134.png, reel2_000134.png behind the name of its file,
  r2/000134.png, or a timecode that one reel alone has. All others are offered to every reel.
  -o names a folder that is there, for a file of each. Commands on the film's folder do each reel; shots and frames say
  theirs: r2-000134, r2@134. `status --json` is a table of reels; `farm` writes one job; all have one palette. What
  is of one reel alone (review, a list by --csv) takes film.vidcolor/r2.
  `vidcolor export film.vidcolor --per-shot`, or with --lists, writes lists of all reels in their order too, beside the
  files: events have their own reel and its timecode, and records go on from the first reel's. Reels of other rates
  have their own lists alone.
"""
