// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.auth.BackendCredentials;
import io.trunkline.auth.LoginMethod;
import io.trunkline.auth.Password;
import io.trunkline.auth.RolePasswords;
import io.trunkline.auth.ScramVerifier;
import io.trunkline.auth.UserDirectory;
import io.trunkline.auth.UserEntry;
import io.trunkline.server.config.ConfigException;
import io.trunkline.server.config.ConfigLoader;
import io.trunkline.server.config.ConfigProblem;
import io.trunkline.server.config.RouterConfig;
import io.trunkline.server.config.Secret;
import io.trunkline.server.config.UserConfig;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everybody the router knows: who may log in to it, and with which passwords it logs in to nodes.
 *
 * @param users who may log in
 * @param passwords the passwords of roles on the nodes, that of the probes included
 * @param configs what is configured of each user, by name
 */
public record Accounts(UserDirectory users, RolePasswords passwords, Map<String, UserConfig> configs) {
    private static final int SALT_BYTES = 16;

    /**
     * Returns the accounts of a configuration and of the users file it names. Derives a verifier from each password, which takes some
     * milliseconds each.
     */
    static Accounts read(RouterConfig config, ConfigLoader loader) throws ConfigException {
        List<ConfigProblem> problems = new ArrayList<>();
        List<UserEntry> entries = new ArrayList<>();
        Map<String, UserConfig> configs = new LinkedHashMap<>();
        config.users().inline().forEach((name, user) -> {
            add(entries, problems, "users.inline.", name, user);
            configs.put(name, user);
        });
        Path file = config.users().file();
        if (file != null) {
            loader.loadUsers(file).forEach((name, user) -> {
                if (configs.put(name, user) != null) {
                    problems.add(new ConfigProblem("users.inline." + name, "also in " + file, "each user once", 0));
                } else {
                    add(entries, problems, file + ": ", name, user);
                }
            });
        }
        RolePasswords passwords = role -> null;
        try {
            passwords = RolePasswords.of(credentials(config, entries));
        } catch (IllegalArgumentException e) {
            problems.add(new ConfigProblem("users", String.valueOf(e.getMessage()), "one password for each role", 0));
        }
        if (!problems.isEmpty()) {
            throw new ConfigException("users", problems);
        }
        return new Accounts(UserDirectory.of(entries), passwords, Map.copyOf(configs));
    }

    private static List<BackendCredentials> credentials(RouterConfig config, List<UserEntry> entries) {
        List<BackendCredentials> credentials = new ArrayList<>();
        entries.forEach(entry -> credentials.add(entry.backend()));
        credentials.add(new BackendCredentials(
                config.probes().user(), password(config.probes().password())));
        return credentials;
    }

    private static void add(
            List<UserEntry> entries, List<ConfigProblem> problems, String path, String name, UserConfig user) {
        try {
            entries.add(entry(name, user));
        } catch (IllegalArgumentException e) {
            problems.add(new ConfigProblem(path + name, String.valueOf(e.getMessage()), "a valid user", 0));
        }
    }

    private static UserEntry entry(String name, UserConfig user) {
        Secret backendPassword = user.backendPassword() == null ? user.password() : user.backendPassword();
        return new UserEntry(
                name,
                user.trust() ? LoginMethod.TRUST : LoginMethod.SCRAM_SHA_256,
                verifier(user),
                new BackendCredentials(
                        user.backendUser() == null ? name : user.backendUser(), password(backendPassword)),
                user.databases().isEmpty() ? UserEntry.ALL_DATABASES : Set.copyOf(user.databases()));
    }

    private static @Nullable ScramVerifier verifier(UserConfig user) {
        if (user.verifier() != null) {
            return ScramVerifier.parse(user.verifier().reveal());
        }
        if (user.password() == null) {
            return null;
        }
        byte[] salt = new byte[SALT_BYTES];
        new SecureRandom().nextBytes(salt);
        return ScramVerifier.derive(Password.of(user.password().reveal()), salt, ScramVerifier.ITERATIONS_DEFAULT);
    }

    private static @Nullable Password password(@Nullable Secret secret) {
        return secret == null ? null : Password.of(secret.reveal());
    }
}
