// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.GeneratedText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceConfigTest {
    private static final Path REFERENCE = Path.of("src/main/resources/reference.yaml");
    private static final Path GUIDE = Path.of("README.md");

    @TempDir
    Path directory;

    @Test
    void listsEveryKeyWithItsDefaultAndMeaning() throws Exception {
        GeneratedText.assertFile(REFERENCE, reference());
    }

    private static String reference() {
        StringBuilder yaml = new StringBuilder("""
                # Every key of the router's configuration with its default. This file is generated from the records that the router reads
                # it into, and loading it gives exactly the defaults; write only the keys you change.
                #
                # Durations are written with ms, s, min, h or d, sizes with B, KiB, MiB or GiB. Relative paths are relative to the file they
                # stand in. Examples of names and their keys are commented out as #key. ${ENV:NAME} stands for an environment variable in any value; a secret may also be file:path.
                """);

        Set<String> maps = SettingCatalog.entries().stream()
                .map(SettingCatalog.Entry::path)
                .filter(path -> path.contains(".<name>."))
                .map(path -> path.substring(0, path.indexOf(".<name>.")))
                .collect(Collectors.toSet());
        String openMap = "";
        for (SettingCatalog.Entry entry : SettingCatalog.entries()) {
            boolean inMap = entry.path().contains(".<name>.");
            String indent = "  ".repeat(entry.depth());
            String comment = inMap ? "#" : "";
            if (entry.depth() == 0) {
                yaml.append('\n');
            }
            if (!inMap) {
                openMap = maps.contains(entry.path()) ? entry.path() : "";
            } else if (!openMap.isEmpty()) {
                yaml.append("  ".repeat(entry.depth() - 1)).append("#name:\n");
                openMap = "";
            }
            yaml.append(indent).append("# ").append(entry.setting().value());
            if (!entry.section()) {
                yaml.append(" [").append(entry.values()).append(']');
            }
            String value = entry.section() || entry.setting().byDefault().equals(Setting.ABSENT)
                    ? ""
                    : " " + entry.setting().byDefault();
            yaml.append('\n')
                    .append(indent)
                    .append(comment)
                    .append(entry.key())
                    .append(':')
                    .append(value)
                    .append('\n');
        }

        return yaml.toString();
    }

    @Test
    void loadsToTheDefaults() throws Exception {
        Path empty = Files.createFile(directory.resolve("empty.yaml"));
        Path reference = Files.writeString(directory.resolve("reference.yaml"), reference());

        RouterConfig loaded = new ConfigLoader().load(reference);

        assertThat(loaded).isEqualTo(new ConfigLoader().load(empty));
    }

    @Test
    void describesEveryKeyInTheOperatingGuide() throws Exception {
        StringBuilder table = new StringBuilder("\n| Key | Default | Values | Meaning |\n|---|---|---|---|\n");

        for (SettingCatalog.Entry entry : SettingCatalog.entries()) {
            if (!entry.section() || entry.path().equals("databases")) {
                table.append("| `").append(entry.path()).append("` | ");
                if (!entry.setting().byDefault().equals(Setting.ABSENT)) {
                    table.append('`').append(entry.setting().byDefault()).append('`');
                }
                table.append(" | ")
                        .append(entry.values().replace("|", "\\|"))
                        .append(" | ")
                        .append(entry.setting().value().replace("<", "&lt;"))
                        .append(" |\n");
            }
        }

        GeneratedText.assertSection(GUIDE, "settings", table.append('\n').toString());
    }
}
