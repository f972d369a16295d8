/* attendant-pocketsphinx recognises utterances for the attendant.
 *
 *   attendant-pocketsphinx MODEL DICT NETWORK open=LMFILE NAME=LMFILE...
 *
 * MODEL is the folder of the acoustic model, DICT the words' pronunciations: only
 * those that occur, since each costs start-up time. NETWORK restores the features
 * of telephone speech (narrowband.h). Each NAME is a search with a
 * language model of its own. The one called "open" expects anything; the others
 * expect an answer, and whatever the open one does besides. Standard input and
 * output carry frames: a type, a length (32 bits, little endian) and that many
 * octets.
 *
 *   in   L file      have the search "choice" expect what that language model does
 *        U name      begin a wide-band utterance with that search
 *        N name      begin an utterance that came over a narrow-band line
 *        A samples   16 kHz signed 16-bit little-endian audio
 *        E           end the utterance
 *        Q           end it quickly, without decoding it again
 *        C           forget the utterance
 *   out  R           ready for an utterance
 *        P text      what has been recognised so far, when it has changed
 *        F result    the last result: lines "score confidence text", the best
 *                    first, then other readings
 *        X text      a fault; the process ends
 *
 * The process ends when its input does. While the utterance goes on it is
 * decoded with a running estimate of the channel; the last result comes from
 * decoding it again with the channel measured over all of it, which on short
 * utterances is much more accurate.
 */
#include "narrowband.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FRAME = 1 << 20, MAX_SAMPLES = 16000 * 30, PARTIAL_EVERY = 1600, READINGS = 5 };

static int16_t audio[MAX_SAMPLES]; /* the utterance */
static size_t samples;
static char last[4096];
static int narrow; /* the utterance came over a narrow-band line */

static void put(char type, const char *text)
{
	uint32_t n = (uint32_t)strlen(text);
	unsigned char head[5] = {(unsigned char)type, n & 255, n >> 8 & 255, n >> 16 & 255, n >> 24};
	fwrite(head, 1, 5, stdout);
	fwrite(text, 1, n, stdout);
	fflush(stdout);
}

static void fail(const char *text)
{
	put('X', text);
	exit(1);
}

/* get reads a frame into buf and returns its type, or 0 at the end of input. */
static int get(char *buf, uint32_t *n)
{
	unsigned char head[5];
	if (fread(head, 1, 5, stdin) != 5)
		return 0;
	*n = head[1] | head[2] << 8 | head[3] << 16 | (uint32_t)head[4] << 24;
	if (*n > MAX_FRAME)
		fail("frame too long");
	if (fread(buf, 1, *n, stdin) != *n)
		return 0;
	buf[*n] = 0;
	return head[0];
}

static ps_decoder_t *open_decoder(const char *hmm, const char *dict, const char *cmn)
{
	cmd_ln_t *config = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", hmm, "-dict", dict, "-logfn", "/dev/null",
		"-remove_silence", "no", "-cmn", cmn, "-lw", "6.5", "-wip", "0.65", "-bestpath", "yes",
		"-beam", "1e-60", "-wbeam", "1e-40", "-pbeam", "1e-60", "-maxhmmpf", "30000", NULL);
	if (config == NULL)
		fail("bad settings");
	ps_decoder_t *ps = ps_init(config);
	if (ps == NULL)
		fail("cannot load the acoustic model");
	return ps;
}

/* mix adds a search that gives each word the probability of the open model or of
 * the one in the file, whichever is greater. (It adds the two after they have been
 * raised to the language weight, in which the lesser one vanishes.) So what is
 * expected competes with everything else in one decoding. Each word that is not
 * expected costs as much as a word of the answer's that is 1.4 times as rare: among
 * digits "oh" is not "are". */
static void mix(ps_decoder_t *ps, const char *name, const char *file)
{
	static float32 weights[2] = {0.1f, 0.9f};
	char *names[2] = {"open", "answer"};
	ngram_model_t *models[2] = {ps_get_lm(ps, "open"), ngram_model_read(ps_get_config(ps), file, NGRAM_AUTO, ps_get_logmath(ps))};
	if (models[0] == NULL || models[1] == NULL)
		fail("cannot load a language model");
	ngram_model_t *both = ngram_model_set_init(ps_get_config(ps), models, names, weights, 2);
	if (both == NULL || ngram_model_set_interp(both, (const char **)names, weights) == NULL || ps_set_lm(ps, name, both) < 0)
		fail("cannot mix language models");
	ngram_model_free(both);
	ngram_model_free(models[1]); /* the search holds both from now on */
}

/* load adds the search of an argument: the open one first. */
static void load(ps_decoder_t *ps, char *argument)
{
	char *eq = strchr(argument, '=');
	if (eq == NULL)
		fail("argument is not NAME=LMFILE");
	*eq = 0;
	if (strcmp(argument, "open") != 0)
		mix(ps, argument, eq + 1);
	else if (ps_set_lm_file(ps, argument, eq + 1) < 0)
		fail("cannot load a language model");
	*eq = '=';
}

static void begin(ps_decoder_t *live, ps_decoder_t *whole, const char *name)
{
	samples = 0;
	last[0] = 0;
	if (narrow)
		narrowband_begin();
	if (ps_set_search(live, name) < 0 || ps_set_search(whole, name) < 0)
		fail("unknown search");
	if (ps_start_utt(live) < 0)
		fail("cannot begin an utterance");
}

static void feed(ps_decoder_t *live, const char *buf, uint32_t n)
{
	size_t count = n / 2;
	if (count > MAX_SAMPLES - samples)
		count = MAX_SAMPLES - samples;
	memcpy(audio + samples, buf, count * 2);
	if (narrow)
		narrowband_feed(live, audio + samples, count);
	else
		ps_process_raw(live, audio + samples, count, FALSE, FALSE);
	size_t before = samples / PARTIAL_EVERY;
	samples += count;
	if (samples / PARTIAL_EVERY == before)
		return;
	const char *text = ps_get_hyp(live, NULL);
	if (text != NULL && strcmp(text, last) != 0 && strlen(text) < sizeof last) {
		strcpy(last, text);
		put('P', text);
	}
}

/* confidence is the mean posterior of the words, fillers left out. */
static double confidence(ps_decoder_t *ps)
{
	double sum = 0;
	int words = 0;
	for (ps_seg_t *s = ps_seg_iter(ps); s != NULL; s = ps_seg_next(s)) {
		const char *w = ps_seg_word(s);
		if (w[0] == '<' || w[0] == '[')
			continue;
		int32 p = ps_seg_prob(s, NULL, NULL, NULL);
		sum += logmath_exp(ps_get_logmath(ps), p);
		words++;
	}
	return words ? sum / words : 0;
}

/* silent tells of audio below -44 dB of full scale, in which the decoder would
 * find words all the same. */
static int silent(void)
{
	for (size_t i = 0; i < samples; i++)
		if (audio[i] > 200 || audio[i] < -200)
			return 0;
	return 1;
}

/* again decodes the whole utterance, its channel known. */
static void again(ps_decoder_t *whole)
{
	if (ps_start_utt(whole) < 0)
		fail("cannot begin an utterance");
	if (narrow)
		narrowband_whole(whole);
	else
		ps_process_raw(whole, audio, samples, FALSE, TRUE);
	ps_end_utt(whole);
}

static void finish(ps_decoder_t *live, ps_decoder_t *whole, int quick)
{
	char out[16384];
	int32 score = 0;
	ps_end_utt(live);
	if (silent()) {
		put('F', "0 0 \n");
		return;
	}
	ps_decoder_t *from = quick ? live : whole;
	if (!quick)
		again(whole);
	const char *text = ps_get_hyp(from, &score);
	int n = snprintf(out, sizeof out, "%d %.4f %s\n", score, confidence(from), text ? text : "");
	ps_nbest_t *reading = text ? ps_nbest(from) : NULL;
	for (int i = 0; reading != NULL && i < READINGS; i++) {
		const char *other = ps_nbest_hyp(reading, &score);
		if (other != NULL && n + strlen(other) + 32 < sizeof out)
			n += snprintf(out + n, sizeof out - n, "%d 0 %s\n", score, other);
		reading = ps_nbest_next(reading);
	}
	if (reading != NULL)
		ps_nbest_free(reading);
	put('F', out);
}

int main(int argc, char **argv)
{
	static char buf[MAX_FRAME + 1];
	uint32_t n;
	int type, open = 0;
	if (argc < 5)
		fail("usage: attendant-pocketsphinx MODEL DICT NETWORK open=LMFILE NAME=LMFILE...");
	ps_decoder_t *live = open_decoder(argv[1], argv[2], "live"), *whole = open_decoder(argv[1], argv[2], "batch");
	if (narrowband_open(live, argv[3]) < 0)
		fail("cannot load the network for narrow-band speech");
	for (int i = 4; i < argc; i++) {
		load(live, argv[i]);
		load(whole, argv[i]);
	}
	put('R', "");
	while ((type = get(buf, &n)) != 0) {
		if (type == 'U' || type == 'N') {
			narrow = type == 'N';
			begin(live, whole, buf);
			open = 1;
		} else if (type == 'L' && !open) {
			mix(live, "choice", buf);
			mix(whole, "choice", buf);
		} else if (type == 'A' && open) {
			feed(live, buf, n);
		} else if ((type == 'E' || type == 'Q') && open) {
			finish(live, whole, type == 'Q');
			open = 0;
		} else if (type == 'C' && open) {
			ps_end_utt(live);
			open = 0;
			put('R', "");
		}
	}
	ps_free(live);
	ps_free(whole);
	return 0;
}
