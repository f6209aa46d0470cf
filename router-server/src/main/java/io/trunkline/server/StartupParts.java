// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.server.config.ConfigException;
import io.trunkline.server.config.ConfigLoader;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.transport.ClientTls;
import io.trunkline.transport.ServerTls;
import io.trunkline.transport.TlsConfigurationException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything a router reads from disk before it starts; checked, so that starting can only fail on what is outside of files.
 *
 * @param config the configuration
 * @param accounts the users
 * @param listenerTls TLS towards clients, null when it is disabled
 * @param backendTls TLS towards nodes
 * @param peerTls TLS towards other routers
 */
public record StartupParts(
        RouterConfig config,
        Accounts accounts,
        @Nullable ServerTls listenerTls,
        ClientTls backendTls,
        ClientTls peerTls) {

    /**
     * Reads a configuration and the files it names.
     *
     * @throws StartupException with everything that is wrong
     */
    public static StartupParts read(Path file, ConfigLoader loader) throws StartupException {
        RouterConfig config;
        try {
            config = loader.load(file);
        } catch (ConfigException e) {
            throw new StartupException(String.valueOf(e.getMessage()), e);
        }
        List<String> problems = new ArrayList<>();
        Accounts accounts = null;
        try {
            accounts = Accounts.read(config, loader);
        } catch (ConfigException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
        ServerTls listenerTls = null;
        try {
            listenerTls = CoreSettings.listenerTls(config.listen());
        } catch (TlsConfigurationException e) {
            problems.add("listen.tls: " + e.getMessage());
        }
        ClientTls backendTls = null;
        try {
            backendTls = CoreSettings.backendTls(config.backend());
        } catch (TlsConfigurationException e) {
            problems.add("backend.tls: " + e.getMessage());
        }
        ClientTls peerTls = null;
        try {
            peerTls = CoreSettings.peerTls(config.cancel());
        } catch (TlsConfigurationException e) {
            problems.add("cancel.tls: " + e.getMessage());
        }
        if (accounts == null || backendTls == null || peerTls == null || !problems.isEmpty()) {
            throw new StartupException(String.join("\n", problems));
        }
        return new StartupParts(config, accounts, listenerTls, backendTls, peerTls);
    }
}
