// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

class ByteSizeTest {
    @Property
    void readsWhatItWrites(@ForAll @LongRange(min = 0, max = 9_999_999_999L) long bytes) {
        ByteSize size = new ByteSize(bytes);

        ByteSize read = ByteSize.parse(size.toString());

        assertThat(read).isEqualTo(size);
    }
}
