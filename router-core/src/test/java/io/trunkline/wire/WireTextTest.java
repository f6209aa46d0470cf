// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class WireTextTest {

    @Property
    void writingRestoresAnyBytes(@ForAll byte[] bytes) {
        assertThat(written(WireText.read(bytes))).isEqualTo(bytes);
    }

    /** Random bytes are hardly ever nearly UTF-8, so pieces of it are strung together. */
    @Property(tries = 5000)
    void writingRestoresBytesThatAreNearlyUtf8(@ForAll long seed) {
        Random random = new Random(seed);
        int[] lead = {0x41, 0x80, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff, 0x90, 0xa0, 0x9f};
        byte[] bytes = new byte[1 + random.nextInt(12)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) lead[random.nextInt(lead.length)];
        }

        assertThat(written(WireText.read(bytes))).isEqualTo(bytes);
    }

    @Property
    void validUtf8IsTheTextItIs(@ForAll String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);

        assertThat(WireText.read(utf8)).isEqualTo(new String(utf8, StandardCharsets.UTF_8));
    }

    @Example
    void differentBytesAreDifferentText() {
        assertThat(WireText.read(new byte[] {(byte) 0xe9})).isNotEqualTo(WireText.read(new byte[] {(byte) 0xe8}));
        assertThat(WireText.read(new byte[] {(byte) 0xc3, (byte) 0xa9})).isEqualTo("é");
    }

    @Example
    void surrogatesThatStandForNothingAreWrittenAsQuestionMarks() {
        assertThat(written("a\ud800b\udc7fc\udd00")).isEqualTo("a?b?c?".getBytes(StandardCharsets.US_ASCII));
    }

    @Example
    void aZeroInsideAZeroTerminatedStringIsADefectOfTheCaller() {
        assertThatThrownBy(() -> CString.write(Unpooled.buffer(), "drop\0table"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static byte[] written(String text) {
        ByteBuf out = Unpooled.buffer();
        WireText.write(out, text);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }
}
