// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads configuration files. Every problem of a file is found in one go; a file with a problem is not used.
 *
 * <p>Relative paths in a file are relative to that file.
 */
public final class ConfigLoader {
    private static final int LARGEST_FILE_BYTES = 4 * 1024 * 1024;

    private final Function<String, @Nullable String> environment;

    /** Creates a loader that takes environment variables from the process. */
    public ConfigLoader() {
        this(System::getenv);
    }

    /** Creates a loader that asks the given function for environment variables. */
    public ConfigLoader(Function<String, @Nullable String> environment) {
        this.environment = environment;
    }

    /** Returns the configuration in a file. */
    public RouterConfig load(Path file) throws ConfigException {
        SectionReader reader = reader(file);
        RouterConfig config = reader.section(RouterConfig.class, compose(file), "", null);
        return checked(file, reader, config);
    }

    /** Returns the users in a users file: user name, then the user's keys. */
    public Map<String, UserConfig> loadUsers(Path file) throws ConfigException {
        SectionReader reader = reader(file);
        Map<String, UserConfig> users = reader.map(UserConfig.class, compose(file), "", null);
        return checked(file, reader, users);
    }

    private SectionReader reader(Path file) {
        Path directory = file.toAbsolutePath().getParent();
        return new SectionReader(new Substitution(environment, directory == null ? Path.of("/") : directory));
    }

    private static <T> T checked(Path file, SectionReader reader, T result) throws ConfigException {
        if (!reader.problems().isEmpty()) {
            throw new ConfigException(file.toString(), reader.problems());
        }
        return result;
    }

    private static @Nullable Node compose(Path file) throws ConfigException {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(file.toString())
                .setAllowNonScalarKeys(true) // refused by us, with the line
                .setCodePointLimit(LARGEST_FILE_BYTES)
                .build();
        try {
            if (Files.size(file) > LARGEST_FILE_BYTES) {
                throw broken(file, Files.size(file) + " bytes", "at most " + LARGEST_FILE_BYTES, 0);
            }
            return new Compose(settings)
                    .composeString(Files.readString(file, StandardCharsets.UTF_8))
                    .orElse(null);
        } catch (NoSuchFileException e) {
            throw broken(file, "no such file", "a readable UTF-8 file", 0);
        } catch (IOException e) {
            throw broken(file, e.getClass().getSimpleName(), "a readable UTF-8 file", 0);
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
            throw broken(file, String.valueOf(e.getProblem()), "YAML", line);
        } catch (YamlEngineException e) {
            throw broken(file, String.valueOf(e.getMessage()), "one YAML document", 0);
        }
    }

    private static ConfigException broken(Path file, String value, String expectation, int line) {
        return new ConfigException(file.toString(), List.of(new ConfigProblem("", value, expectation, line)));
    }
}
