// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.trunkline.auth.UserDirectory;
import io.trunkline.frontend.ClientLogin;
import io.trunkline.frontend.EncryptionPolicy;
import io.trunkline.metrics.RouterMetrics;
import org.jspecify.annotations.Nullable;

/**
 * What a listener lets clients in by; the same for all its connections.
 *
 * @param encryption what it does about TLS
 * @param tls certificate and key; null exactly when {@code encryption} is {@link EncryptionPolicy#OFF}
 * @param authority whom logins are checked against; its {@link UserDirectory} may change its answers when users are reloaded
 * @param sessions takes over after login
 * @param settings limits
 * @param metrics counts logins
 */
public record FrontendAccess(
        EncryptionPolicy encryption,
        @Nullable ServerTls tls,
        ClientLogin.Authority authority,
        SessionStarter sessions,
        FrontendSettings settings,
        RouterMetrics metrics) {

    public FrontendAccess {
        if ((tls == null) != (encryption == EncryptionPolicy.OFF)) {
            throw new IllegalArgumentException(
                    "encryption " + encryption + (tls == null ? " without a certificate" : " with a certificate")
                            + " (expected: a certificate unless OFF)");
        }
    }
}
