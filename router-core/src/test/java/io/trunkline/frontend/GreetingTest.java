// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.testing.Case;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.ProtocolVersion;
import java.security.SecureRandom;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GreetingTest {

    @Test
    @Case("X01")
    void S36_givesEachVersionAKeyItUnderstands() {
        SecureRandom random = new SecureRandom();

        BackendKey old = Greeting.newKey(7, ProtocolVersion.V3_0, random);
        BackendKey recent = Greeting.newKey(7, ProtocolVersion.V3_2, random);

        assertThat(old.secret()).hasSize(4);
        assertThat(recent.secret()).hasSize(32);
        assertThat(old.processId()).isEqualTo(7);
    }

    @Test
    void S37_reportsParametersThenTheKeyThenReadiness() {
        ByteBuf out = Unpooled.buffer();

        Greeting.write(out, Map.of("server_version", "18.6"), new BackendKey(7, new byte[] {1, 2, 3, 4}));

        assertThat(out.toString(ISO_8859_1))
                .isEqualTo("S\0\0\0\030server_version\00018.6\0K\0\0\0\014\0\0\0\007\001\002\003\004Z\0\0\0\005I");
    }
}
