#!/bin/sh
# Remakes the sprites of the embedded scenes (samclip-data, org/samclip/data/scenes) from the public
# emoji packages. Needs npm, Maven and a JDK 17. The output is the same on every run.
#
#   scripts/make-sprites.sh
set -eu

noto=1.2.9
fluent=1.2.6
fluent_colour=1.2.7
twemoji=1.2.5
noto_v1=1.2.5
emojione=1.2.3
emojibase=17.0.0
jsvg=1.7.1
jackson=2.18.2

here=$(cd "$(dirname "$0")" && pwd)
out=$here/../samclip-data/src/main/resources/org/samclip/data/scenes
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

fetch() { # package version folder
  (cd "$work" && npm pack --silent "$1@$2" >"$3.name" && mkdir "$3" &&
    tar xzf "$(cat "$3.name")" -C "$3" --strip-components 1)
}
fetch @iconify-json/noto "$noto" noto
fetch @iconify-json/fluent-emoji-flat "$fluent" fluent
fetch @iconify-json/fluent-emoji "$fluent_colour" fluent-colour
fetch @iconify-json/twemoji "$twemoji" twemoji
fetch @iconify-json/noto-v1 "$noto_v1" noto-v1
fetch @iconify-json/emojione "$emojione" emojione
fetch emojibase-data "$emojibase" emojibase

for artifact in "com.github.weisj:jsvg:$jsvg" \
  "com.fasterxml.jackson.core:jackson-databind:$jackson" \
  "com.fasterxml.jackson.core:jackson-core:$jackson" \
  "com.fasterxml.jackson.core:jackson-annotations:$jackson"; do
  mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="$artifact" -DoutputDirectory="$work/lib"
done

java -Djava.awt.headless=true -cp "$work/lib/*" "$here/MakeSprites.java" \
  "$here/sprites.csv" "$work" "$out"
