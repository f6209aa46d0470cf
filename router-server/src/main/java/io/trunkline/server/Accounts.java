// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server;

import io.trunkline.auth.BackendCredentials;
import io.trunkline.auth.LoginMethod;
import io.trunkline.auth.MockVerifiers;
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
import java.nio.charset.StandardCharsets;
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
 * @param unknown what everybody else is checked against
 * @param passwords the passwords of roles on the nodes, that of the probes included
 * @param configs what is configured of each user, by name
 */
public record Accounts(
        UserDirectory users, MockVerifiers unknown, RolePasswords passwords, Map<String, UserConfig> configs) {
    private static final int DECOY_SECRET_BYTES = 32;

    /**
     * Returns the accounts of a configuration and of the users file it names. Derives a verifier from each password, which takes some
     * milliseconds each.
     */
    static Accounts read(RouterConfig config, ConfigLoader loader) throws ConfigException {
        List<ConfigProblem> problems = new ArrayList<>();
        List<UserEntry> entries = new ArrayList<>();
        MockVerifiers unknown = decoys(config.users().decoySecret());
        Map<String, UserConfig> configs = new LinkedHashMap<>();
        config.users().inline().forEach((name, user) -> {
            add(entries, problems, "users.inline.", name, user, unknown);
            configs.put(name, user);
        });
        Path file = config.users().file();
        if (file != null) {
            loader.loadUsers(file).forEach((name, user) -> {
                if (configs.put(name, user) != null) {
                    problems.add(new ConfigProblem("users.inline." + name, "also in " + file, "each user once", 0));
                } else {
                    add(entries, problems, file + ": ", name, user, unknown);
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
        return new Accounts(UserDirectory.of(entries), unknown, passwords, Map.copyOf(configs));
    }

    private static List<BackendCredentials> credentials(RouterConfig config, List<UserEntry> entries) {
        List<BackendCredentials> credentials = new ArrayList<>();
        entries.forEach(entry -> credentials.add(entry.backend()));
        credentials.add(new BackendCredentials(
                config.probes().user(), password(config.probes().password())));
        return credentials;
    }

    private static void add(
            List<UserEntry> entries,
            List<ConfigProblem> problems,
            String path,
            String name,
            UserConfig user,
            MockVerifiers unknown) {
        try {
            entries.add(entry(name, user, unknown));
        } catch (IllegalArgumentException e) {
            problems.add(new ConfigProblem(path + name, String.valueOf(e.getMessage()), "a valid user", 0));
        }
    }

    private static UserEntry entry(String name, UserConfig user, MockVerifiers unknown) {
        Secret backendPassword = user.backendPassword() == null ? user.password() : user.backendPassword();
        return new UserEntry(
                name,
                user.trust() ? LoginMethod.TRUST : LoginMethod.SCRAM_SHA_256,
                verifier(name, user, unknown),
                new BackendCredentials(
                        user.backendUser() == null ? name : user.backendUser(), password(backendPassword)),
                user.databases().isEmpty() ? UserEntry.ALL_DATABASES : Set.copyOf(user.databases()));
    }

    private static @Nullable ScramVerifier verifier(String name, UserConfig user, MockVerifiers unknown) {
        if (user.verifier() != null) {
            return ScramVerifier.parse(user.verifier().reveal());
        }
        return user.password() == null
                ? null
                : unknown.of(name, Password.of(user.password().reveal()));
    }

    private static MockVerifiers decoys(@Nullable Secret secret) {
        byte[] bytes = new byte[DECOY_SECRET_BYTES];
        if (secret == null) {
            new SecureRandom().nextBytes(bytes);
        } else {
            bytes = secret.reveal().getBytes(StandardCharsets.UTF_8);
        }
        return new MockVerifiers(bytes, ScramVerifier.ITERATIONS_DEFAULT);
    }

    private static @Nullable Password password(@Nullable Secret secret) {
        return secret == null ? null : Password.of(secret.reveal());
    }
}
