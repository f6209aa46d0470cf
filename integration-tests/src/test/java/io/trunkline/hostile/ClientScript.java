// SPDX-License-Identifier: Apache-2.0
package io.trunkline.hostile;

import java.util.random.RandomGenerator;

/** Valid conversations of a client, each frame of which may be damaged as it is written. */
final class ClientScript {
    /** Every tag of a client but Terminate. */
    static final String TAGS = "QPBEDCHSFdcf";

    private final RandomGenerator random;
    private final FrameBuffer out;
    private final String mark;
    /** One frame of so many is damaged in its body; 0 damages none. */
    private final int damageEvery;

    private int frames;

    ClientScript(RandomGenerator random, FrameBuffer out, Canary canary, int damageEvery) {
        this.random = random;
        this.out = out;
        this.mark = canary.text();
        this.damageEvery = damageEvery;
    }

    /** Returns how many frames were written. */
    int frames() {
        return frames;
    }

    /** Appends one conversation. */
    void conversation() {
        switch (random.nextInt(10)) {
            case 0 -> simple("select '" + mark + "', " + random.nextInt(100));
            case 1 -> {
                simple("begin");
                simple("insert into scratch values (" + random.nextInt() + ", '" + mark + "')");
                simple("savepoint a; select '" + mark + "'");
                simple(random.nextBoolean() ? "rollback" : "rollback to a; commit");
            }
            case 2 -> unnamed();
            case 3 -> named();
            case 4 -> copy();
            case 5 -> {
                simple("set application_name = '" + mark + "'");
                simple("show application_name");
                simple("reset application_name");
            }
            case 6 -> {
                random(1 + random.nextInt(4));
                frame(() -> out.empty('S'));
            }
            case 7 -> simple("select /* " + mark + " */ E'\\'" + mark + "' as \"a\"\"b\"; ; select $tag$ ' $tag$");
            case 8 -> {
                frame(() -> out.parse("", "select 1/0, '" + mark + "'"));
                frame(() -> out.bind("", ""));
                frame(() -> out.execute("", 0));
                frame(() -> out.named('C', 'P', ""));
                frame(() -> out.empty('S'));
            }
            default -> {
                frame(() -> out.named('D', 'S', "n" + random.nextInt(20)));
                frame(() -> out.named('C', 'S', "n" + random.nextInt(20)));
                frame(() -> out.empty('H'));
                frame(() -> out.empty('S'));
            }
        }
    }

    private void simple(String sql) {
        frame(() -> out.query(sql));
    }

    private void unnamed() {
        frame(() -> out.parse("", "select $1::text, '" + mark + "'"));
        frame(() -> out.bind("p", "", mark));
        frame(() -> out.named('D', 'P', "p"));
        frame(() -> out.execute("p", random.nextInt(3)));
        frame(() -> out.empty(random.nextInt(8) == 0 ? 'H' : 'S'));
    }

    private void named() {
        String name = "n" + random.nextInt(20);
        frame(() -> out.named('C', 'S', name));
        frame(() -> out.parse(name, "select generate_series(1, 3), $1::text, " + random.nextInt(50)));
        frame(() -> out.named('D', 'S', name));
        for (int i = random.nextInt(4); i >= 0; i--) {
            frame(() -> out.bind("", name, mark));
            frame(() -> out.execute("", 0));
        }
        frame(() -> out.empty('S'));
    }

    private void copy() {
        simple(random.nextBoolean() ? "copy scratch from stdin" : "copy scratch (note) from stdin");
        for (int i = random.nextInt(5); i > 0; i--) {
            frame(() -> out.begin('d')
                    .raw((i(9) + "\t" + mark + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8))
                    .end());
        }
        if (random.nextBoolean()) {
            frame(() -> out.begin('f').text("enough").end());
        } else {
            frame(() -> out.empty('c'));
        }
        if (random.nextInt(4) == 0) {
            simple("copy (select '" + mark + "' from generate_series(1, 20)) to stdout");
        }
    }

    private int i(int bound) {
        return random.nextInt(bound);
    }

    private void random(int count) {
        for (int i = 0; i < count; i++) {
            Mutation.randomBody(random, out, TAGS);
            frames++;
        }
    }

    private void frame(Runnable writer) {
        int start = out.size();
        writer.run();
        frames++;
        if (damageEvery > 0 && random.nextInt(damageEvery) == 0) {
            Mutation.body(random, out, start);
        }
    }
}
