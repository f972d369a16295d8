/* Features of speech that came over a telephone line, as the acoustic model
 * would have seen them without the line.
 *
 * The cepstra of each frame are computed as usual, their mean over the utterance
 * is taken away, and a network of one hidden layer gives the wide-band cepstrum
 * from the frames around each (train/network.go makes its file). While the
 * utterance goes on its mean is an estimate that begins with a usual line's.
 */
#ifndef NARROWBAND_H
#define NARROWBAND_H

#include <pocketsphinx.h>
#include <stddef.h>
#include <stdint.h>

/* narrowband_open reads the network and makes a front end with ps's settings.
 * It returns -1 where the file is not such a network. */
int narrowband_open(ps_decoder_t *ps, const char *file);

/* narrowband_begin begins an utterance. */
void narrowband_begin(void);

/* narrowband_feed takes 16 kHz samples and gives ps the features of the frames
 * whose surroundings are known. */
void narrowband_feed(ps_decoder_t *ps, const int16_t *audio, size_t samples);

/* narrowband_whole gives ps the features of the whole utterance, which ends. */
void narrowband_whole(ps_decoder_t *ps);

#endif
