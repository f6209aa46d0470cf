// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.trunkline.auth.ChannelBinding;
import org.jspecify.annotations.Nullable;

/** How a connection to a node is protected. */
public sealed interface LinkSecurity {

    /** Returns true inside TLS. */
    boolean isEncrypted();

    /** Returns what SCRAM binds to, or null when there is nothing. */
    @Nullable
    ChannelBinding binding();

    /** Readable by everybody on the way. */
    record Plain() implements LinkSecurity {
        @Override
        public boolean isEncrypted() {
            return false;
        }

        @Override
        public @Nullable ChannelBinding binding() {
            return null;
        }
    }

    /** Inside TLS; the binding is null when none is defined for the node's certificate. */
    record Tls(@Nullable ChannelBinding binding) implements LinkSecurity {
        @Override
        public boolean isEncrypted() {
            return true;
        }
    }
}
