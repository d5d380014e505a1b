/* Codecs by number.
 * SPDX-License-Identifier: MIT */
#include "exchange/codecs/codec.h"

#define TW__CODEC(name, word) extern const tw__codec tw__codec_##name;
#include "exchange/codecs/list.h"
#undef TW__CODEC

#define TW__CODEC(name, word) " " word
const char tw__wires[] = "fp32"
#include "exchange/codecs/list.h"
    ;
#undef TW__CODEC

const tw__codec *tw__codec_at(size_t i)
{
    static const tw__codec *const codecs[] = {
        NULL,
#define TW__CODEC(name, word) &tw__codec_##name,
#include "exchange/codecs/list.h"
#undef TW__CODEC
    };
    return i < sizeof codecs / sizeof codecs[0] ? codecs[i] : NULL;
}
