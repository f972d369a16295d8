#include "narrowband.h"

#include <sphinxbase/fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CEPSTRA = 13, MAX_FRAMES = 3100, MAX_AROUND = 10, MAX_HIDDEN = 512, MAX_INPUTS = (2 * MAX_AROUND + 1) * CEPSTRA };

/* The usual mean counts as that of this much speech. */
static const int PRIOR_FRAMES = 100;

/* The live decoder takes away a mean that begins with the model's -cmninit. */
static const float WIDE_MEAN[CEPSTRA] = {41.00f, -5.29f, -0.12f, 5.09f, 2.48f, -4.07f, -1.37f, -1.78f, -5.08f, -2.05f, -6.45f, -1.42f, 1.17f};

static uint32_t around, hidden;
static float usual[CEPSTRA], scale[CEPSTRA], spread[CEPSTRA];
static float *in_weights, *in_bias, *out_weights, *out_bias;

static fe_t *front;
static mfcc_t *cepstra[MAX_FRAMES], *restored[MAX_FRAMES];
static int frames, given; /* computed, and given to the live decoder */
static double sum[CEPSTRA];

static int read_network(const char *file)
{
	FILE *f = fopen(file, "rb");
	if (f == NULL)
		return -1;
	int ok = fread(&around, 4, 1, f) == 1 && fread(&hidden, 4, 1, f) == 1 && around <= MAX_AROUND && hidden <= MAX_HIDDEN;
	size_t inputs = (2 * around + 1) * CEPSTRA;
	size_t size = ok ? inputs * hidden + hidden + hidden * CEPSTRA + CEPSTRA : 0;
	in_weights = ok ? malloc(size * sizeof *in_weights) : NULL;
	ok = in_weights != NULL && fread(usual, 4, CEPSTRA, f) == CEPSTRA && fread(scale, 4, CEPSTRA, f) == CEPSTRA && fread(spread, 4, CEPSTRA, f) == CEPSTRA && fread(in_weights, 4, size, f) == size;
	fclose(f);
	if (!ok)
		return -1;
	in_bias = in_weights + inputs * hidden;
	out_weights = in_bias + hidden;
	out_bias = out_weights + hidden * CEPSTRA;
	return 0;
}

int narrowband_open(ps_decoder_t *ps, const char *file)
{
	if (read_network(file) < 0)
		return -1;
	front = fe_init_auto_r(cmd_ln_retain(ps_get_config(ps)));
	mfcc_t *all = calloc(2 * MAX_FRAMES * CEPSTRA, sizeof *all);
	if (front == NULL || all == NULL)
		return -1;
	for (int i = 0; i < MAX_FRAMES; i++) {
		cepstra[i] = all + (size_t)i * CEPSTRA;
		restored[i] = all + (size_t)(MAX_FRAMES + i) * CEPSTRA;
	}
	return 0;
}

void narrowband_begin(void)
{
	frames = given = 0;
	memset(sum, 0, sizeof sum);
	fe_start_utt(front);
}

/* restore sets the wide-band cepstrum of frame t, where mean is the line's. */
static void restore(int t, const float *mean)
{
	float x[MAX_INPUTS], out[CEPSTRA];
	for (int k = 0; k <= 2 * (int)around; k++) {
		int at = t + k - (int)around;
		at = at < 0 ? 0 : at >= frames ? frames - 1 : at;
		for (int i = 0; i < CEPSTRA; i++)
			x[k * CEPSTRA + i] = (cepstra[at][i] - mean[i]) * scale[i];
	}
	memcpy(out, out_bias, sizeof out);
	size_t inputs = (2 * around + 1) * CEPSTRA;
	for (uint32_t h = 0; h < hidden; h++) {
		const float *row = in_weights + h * inputs;
		float v = in_bias[h];
		for (size_t i = 0; i < inputs; i++)
			v += row[i] * x[i];
		if (v <= 0)
			continue;
		for (int o = 0; o < CEPSTRA; o++)
			out[o] += out_weights[o * hidden + h] * v;
	}
	for (int o = 0; o < CEPSTRA; o++)
		restored[t][o] = cepstra[t][o] - mean[o] + out[o] * spread[o] + WIDE_MEAN[o];
}

/* compute adds the frames of audio to cepstra. */
static void compute(const int16_t *audio, size_t samples)
{
	int32 count = MAX_FRAMES - 1 - frames;
	int before = frames;
	if (count > 0 && fe_process_frames(front, &audio, &samples, cepstra + frames, &count, NULL) >= 0)
		frames += count;
	for (int t = before; t < frames; t++)
		for (int i = 0; i < CEPSTRA; i++)
			sum[i] += cepstra[t][i];
}

void narrowband_feed(ps_decoder_t *ps, const int16_t *audio, size_t samples)
{
	float mean[CEPSTRA];
	compute(audio, samples);
	int ready = frames - (int)around;
	if (ready <= given)
		return;
	for (int i = 0; i < CEPSTRA; i++)
		mean[i] = (float)((usual[i] * PRIOR_FRAMES + sum[i]) / (PRIOR_FRAMES + frames));
	for (int t = given; t < ready; t++)
		restore(t, mean);
	ps_process_cep(ps, restored + given, ready - given, FALSE, FALSE);
	given = ready;
}

void narrowband_whole(ps_decoder_t *ps)
{
	float mean[CEPSTRA];
	int32 count = 0;
	if (frames < MAX_FRAMES && fe_end_utt(front, cepstra[frames], &count) >= 0 && count > 0) {
		for (int i = 0; i < CEPSTRA; i++)
			sum[i] += cepstra[frames][i];
		frames += count;
	}
	if (frames == 0)
		return;
	for (int i = 0; i < CEPSTRA; i++)
		mean[i] = (float)(sum[i] / frames);
	for (int t = 0; t < frames; t++)
		restore(t, mean);
	ps_process_cep(ps, restored, frames, FALSE, TRUE);
}
