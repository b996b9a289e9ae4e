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
