#!/bin/sh
# corpus.sh DIR: collect wide-band speech for train. People speak French,
# Italian and Russian (Debian's asterisk-core-sounds-*-g722); English is spoken by
# voices of espeak-ng and flite's kal16. The people and voices with which
# recognition is measured are not among them.
set -eu
dir=$1
root=$(cd "$(dirname "$0")/../../.." && pwd)
mkdir -p "$dir"
n=0
for speaker in fr_CA_f_June it_IT_m_Carlo ru_RU_f_IvrvoiceRU; do
	for file in $(find "/usr/share/asterisk/sounds/$speaker" -name '*.g722' -size +15 | sort); do
		n=$((n + 1))
		ffmpeg -nostdin -y -loglevel error -f g722 -i "$file" -ar 16000 "$dir/person_$n.wav"
	done
done
text=$(mktemp)
cat "$root"/deploy/demo/articles/*.md "$root"/docs/*.md "$root"/README.md | tr -c "A-Za-z0-9 .\n'" ' ' | tr '.' '\n' |
	sed 's/  */ /g; s/^ //' | awk 'length($0) > 20 && length($0) < 120' | sort -u > "$text"
awk 'BEGIN { srand(1); n = split("zero one two three four five six seven eight nine oh yes no order number monday tuesday january", w)
	for (i = 0; i < 150; i++) { s = ""; for (k = 0; k < 6; k++) s = s w[1 + int(rand() * n)] " "; print s } }' >> "$text"
i=0
while read -r sentence; do
	i=$((i + 1))
	voice=$(printf '%s\n' en-us+m1 en-us+m3 en-us+m5 en-us+f1 en-us+f2 en-us+f4 en-gb+m7 en-gb+f3 en-gb-scotland de+m2 | sed -n "$((i % 10 + 1))p")
	espeak-ng -v "$voice" -s $((130 + i * 7 % 50)) -p $((25 + i * 11 % 50)) --stdout "$sentence" < /dev/null | sox -t wav - -r 16000 "$dir/espeak_$i.wav" 2> /dev/null
	[ $((i % 2)) = 0 ] || flite -voice kal16 -t "$sentence" -o "$dir/kal16_$i.wav" < /dev/null
done < "$text"
rm "$text"
