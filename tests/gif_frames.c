/* Decodes a GIF and prints the colours of every frame as a viewer shows it, "FRAME #rrggbb PIXELS" a line:
 * tests/contracts/figures looks for colours that no script has. A program of its own: image libraries may not
 * be there, and those that are repair what a viewer would show.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gif {
    const unsigned char *at, *end;
    int width, height;
    unsigned *shown;
};

static void fail(const char *why)
{
    fprintf(stderr, "gif_frames: %s\n", why);
    exit(1);
}

static const unsigned char *take(struct gif *g, size_t n)
{
    if ((size_t)(g->end - g->at) < n) fail("the file ends early");
    g->at += n;
    return g->at - n;
}

static int number(struct gif *g)
{
    const unsigned char *b = take(g, 2);
    return b[0] | b[1] << 8;
}

/* The blocks of an image or extension, joined. */
static size_t join_blocks(struct gif *g, unsigned char *to)
{
    size_t n = 0;
    for (int size; (size = *take(g, 1)) > 0; n += (size_t)size)
        memcpy(to + n, take(g, (size_t)size), (size_t)size);
    return n;
}

/* LZW: a code is an earlier one (`before`) and one more byte (`last`). */
static void unpack(const unsigned char *from, size_t n, int bits, unsigned char *to, size_t capacity)
{
    enum { MOST = 4096 };
    static int before[MOST];
    static unsigned char last[MOST], turned[MOST];
    if (bits < 2 || bits > 8) fail("no such code size");
    const int clear = 1 << bits;
    int next = clear + 2, width = bits + 1, previous = -1, held = 0;
    unsigned buffer = 0;
    size_t done = 0;
    unsigned char first = 0;
    for (int i = 0; i < clear; i++) last[i] = (unsigned char)i, before[i] = -1;
    for (size_t i = 0; i < n;) {
        for (; held < width && i < n; held += 8) buffer |= (unsigned)from[i++] << held;
        if (held < width) break;
        const int code = (int)(buffer & ((1u << width) - 1));
        buffer >>= width;
        held -= width;
        if (code == clear + 1) break;
        if (code == clear) {
            next = clear + 2, width = bits + 1, previous = -1;
            continue;
        }
        int k = code, length = 0;
        if (code > next || (code == next && previous < 0)) fail("a code that is not there yet");
        if (code == next) turned[length++] = first, k = previous;
        for (; k >= 0; k = before[k]) turned[length++] = last[k];
        first = turned[length - 1];
        if (done + (size_t)length > capacity) fail("more pixels than the frame has");
        while (length) to[done++] = turned[--length];
        if (previous >= 0 && next < MOST) {
            before[next] = previous;
            last[next++] = first;
            if (next == 1 << width && width < 12) width++;
        }
        previous = code;
    }
    if (done != capacity) fail("fewer pixels than the frame has");
}

/* Draws a frame over what is shown. Interlaced ones are refused: gnuplot writes none. */
static void put_frame(struct gif *g, const unsigned char *colours, int transparent)
{
    const int x = number(g), y = number(g), w = number(g), h = number(g), flags = *take(g, 1);
    if (flags & 0x80) colours = take(g, (size_t)3 << ((flags & 7) + 1));
    if (flags & 0x40 || !colours || x + w > g->width || y + h > g->height)
        fail("an interlaced frame, one without colours, or one beyond the picture");
    const int bits = *take(g, 1);
    unsigned char *blocks = malloc((size_t)(g->end - g->at) + 1), *pixels = malloc((size_t)w * (size_t)h + 1);
    if (!blocks || !pixels) fail("out of memory");
    unpack(blocks, join_blocks(g, blocks), bits, pixels, (size_t)w * (size_t)h);
    for (int i = 0; i < w * h; i++) {
        const unsigned char *c = colours + 3 * pixels[i];
        if (pixels[i] != transparent)
            g->shown[(y + i / w) * g->width + x + i % w] = (unsigned)c[0] << 16 | (unsigned)c[1] << 8 | c[2];
    }
    free(blocks);
    free(pixels);
}

static void print_colours(const struct gif *g, int frame)
{
    static unsigned pixels[1 << 24];
    const size_t n = (size_t)g->width * (size_t)g->height;
    for (size_t i = 0; i < n; i++) pixels[g->shown[i]]++;
    for (size_t i = 0; i < n; i++) {
        unsigned *const of = &pixels[g->shown[i]];
        if (*of) printf("%d #%06x %u\n", frame, g->shown[i], *of);
        *of = 0;
    }
}

static void decode(struct gif *g)
{
    const unsigned char *colours = NULL;
    int transparent = -1, frames = 0;
    if (memcmp(take(g, 6), "GIF89a", 6)) fail("not a GIF");
    g->width = number(g);
    g->height = number(g);
    const int flags = *take(g, 3);
    if (flags & 0x80) colours = take(g, (size_t)3 << ((flags & 7) + 1));
    g->shown = calloc((size_t)g->width * (size_t)g->height, sizeof *g->shown);
    unsigned char *block = malloc((size_t)(g->end - g->at) + 1);
    if (!g->shown || !block) fail("out of memory");
    for (int kind; (kind = *take(g, 1)) != 0x3b;) {
        if (kind == 0x2c) {
            put_frame(g, colours, transparent);
            print_colours(g, ++frames);
            transparent = -1;
            continue;
        }
        if (kind != 0x21) fail("neither a frame nor an extension");
        const int label = *take(g, 1);
        const size_t n = join_blocks(g, block);
        if (label == 0xf9 && n >= 4) transparent = block[0] & 1 ? block[3] : -1;
    }
    free(block);
    free(g->shown);
}

int main(int argc, char **argv)
{
    enum { MOST_BYTES = 1 << 26 };
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    unsigned char *all = malloc(MOST_BYTES);
    if (!file || !all) fail("usage: gif_frames FILE.gif");
    struct gif g = {.at = all, .end = all + fread(all, 1, MOST_BYTES, file)};
    fclose(file);
    decode(&g);
    free(all);
    return 0;
}
