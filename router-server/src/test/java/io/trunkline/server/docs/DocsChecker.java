// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Finds what a Markdown document names and the repository does not have: linked files and headings, paths, Java types and their members,
 * settings, metrics, commands, Maven profiles.
 *
 * <p>Names are looked for in code spans (between backticks); metrics and commands in fenced blocks, too. Immutable.
 */
final class DocsChecker {
    private static final Pattern FENCE = Pattern.compile("(?ms)^ *```.*?^ *```");
    private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.*)$");
    private static final Pattern METRIC = Pattern.compile("\\btrunkline_[a-z_]+");
    private static final Pattern COMMAND =
            Pattern.compile("(?:\\./|\\b)trunkline +([a-z][a-z-]*)(?: +([a-z][a-z-]*))?");
    private static final Pattern PROFILE = Pattern.compile("(?:^|\\s)-P([\\w-]+)");
    private static final Pattern MODULES = Pattern.compile("(?:^|\\s)-pl +([\\w,-]+)");
    private static final Pattern PATH = Pattern.compile("[\\w.-]+(/[\\w.-]+)+");
    private static final Pattern KEY = Pattern.compile("[a-z_]+(\\.([a-z_]+|<name>))+");
    private static final Pattern FILE = Pattern.compile("([A-Z]\\w+)\\.java");
    private static final Pattern TYPE = Pattern.compile("([A-Z]\\w*[a-z]\\w*)((?:\\.\\w+)*)(?:\\(.*\\))?");
    private static final Pattern MARKER = Pattern.compile("(?s)<!-- %s:begin -->(.*?)<!-- %s:end -->");

    /** Top-level folders: a path in the text that begins with one of them must exist. */
    private static final Set<String> TOPS =
            Set.of("router-core", "router-server", "shard-config", "integration-tests", "docker", ".ci", ".mvn", "src");

    /** Words in the writing of types that belong to PostgreSQL or a library. */
    private static final Set<String> FOREIGN =
            Set.of("DateStyle", "TimeZone", "NaN", "Infinity", "MaxAllocSize", "ByteBuf", "KiB", "MiB", "GiB");

    private final Path root;
    private final RepositoryNames names;

    DocsChecker(Path root, RepositoryNames names) {
        this.root = root;
        this.names = names;
    }

    /** Returns what is wrong with a document, one line for each problem; empty when nothing is. */
    List<String> problems(Path file, String text) {
        String prose = FENCE.matcher(text).replaceAll("");
        List<String> code = matches(CODE, prose, 1);
        List<String> found = new ArrayList<>();
        checkLinks(file, text, prose, found);
        checkCode(file, code, found);
        checkMetrics(text, found);
        checkCommands(text, found);
        return found.stream()
                .map(problem -> root.relativize(file) + ": " + problem)
                .toList();
    }

    private void checkLinks(Path file, String text, String prose, List<String> found) {
        for (String link : matches(LINK, prose, 1)) {
            if (link.matches("(https?|mailto):.*")) {
                continue;
            }
            String[] parts = link.split("#", 2);
            Path target = parts[0].isEmpty() ? file : file.resolveSibling(parts[0]);
            if (!parts[0].isEmpty() && !Files.exists(target)) {
                found.add("link " + link + ": no such file");
            } else if (parts.length == 2
                    && !anchors(parts[0].isEmpty() ? text : read(target)).contains(parts[1])) {
                found.add("link " + link + ": no such heading");
            }
        }
    }

    private void checkCode(Path file, List<String> spans, List<String> found) {
        for (String code : spans) {
            if (PATH.matcher(code).matches()) {
                boolean claimsToExist = TOPS.contains(code.substring(0, code.indexOf('/')));
                if (claimsToExist && !Files.exists(root.resolve(code)) && !Files.exists(file.resolveSibling(code))) {
                    found.add("path " + code + ": no such file");
                }
            } else if (FILE.matcher(code).matches()) {
                check(names.hasType(code.replace(".java", "")), "file " + code + ": no such type", found);
            } else if (KEY.matcher(code).matches()) {
                checkSetting(code, found);
            } else {
                checkType(code, found);
            }
        }
    }

    private void checkSetting(String code, List<String> found) {
        // A key under databases.<name> is one of defaults.
        String key = code.replaceFirst("^databases\\.<name>$", "databases")
                .replaceFirst("^databases\\.(<name>|\\w+)\\.", "defaults.");
        if (code.matches(".*\\.(json|yaml|md|java|xml|properties|cfg|sql)")) {
            return;
        }
        if (code.startsWith("trunkline.")) {
            check(names.hasSessionSetting(code), "session setting " + code + ": no such setting", found);
        } else if (names.hasSection(key.split("\\.")[0])) {
            check(names.hasSetting(key), "setting " + code + ": no such key", found);
        }
    }

    private void checkType(String code, List<String> found) {
        MatchResult match = TYPE.matcher(code).results().findFirst().orElse(null);
        if (match == null || match.group().length() != code.length()) {
            return;
        }
        String type = match.group(1);
        if (FOREIGN.contains(type) || names.isProtocolWord(type)) {
            return;
        }
        if (!names.hasType(type)) {
            found.add("type " + code + ": no such type");
            return;
        }
        String members = match.group(2);
        for (String member :
                members.isEmpty() ? new String[0] : members.substring(1).split("\\.")) {
            check(names.hasMember(type, member), "member " + code + ": not in " + type, found);
        }
    }

    private void checkMetrics(String text, List<String> found) {
        for (String name : matches(METRIC, text, 0)) {
            String plain = name.replaceFirst("_(bucket|sum|count|max)$", "");
            check(names.hasMetric(name) || names.hasMetric(plain), "metric " + name + ": no such metric", found);
        }
    }

    private void checkCommands(String text, List<String> found) {
        List<String> code = new ArrayList<>(matches(CODE, FENCE.matcher(text).replaceAll(""), 1));
        code.addAll(matches(FENCE, text, 0));
        for (String span : code) {
            for (MatchResult match : COMMAND.matcher(span).results().toList()) {
                String command = match.group(1);
                boolean isLine = span.startsWith("`") && !span.contains("./trunkline " + command);
                if (!names.hasCommand(command)) {
                    // Output in a fenced block may begin with the program's name; what is typed says where it is.
                    check(isLine, "command trunkline " + command + ": no such command", found);
                } else if (match.group(2) != null) {
                    check(
                            names.hasSubcommand(command, match.group(2)),
                            "command trunkline " + command + " " + match.group(2) + ": no such command",
                            found);
                }
            }
            if (span.contains("mvnw") || span.startsWith("-P")) {
                for (String profile : matches(PROFILE, span, 1)) {
                    check(names.hasProfile(profile), "profile -P" + profile + ": no such profile", found);
                }
                for (String modules : matches(MODULES, span, 1)) {
                    for (String module : modules.split(",")) {
                        check(Files.isRegularFile(root.resolve(module).resolve("pom.xml")), "module " + module, found);
                    }
                }
            }
        }
    }

    private static void check(boolean holds, String problem, List<String> found) {
        if (!holds) {
            found.add(problem);
        }
    }

    /** Returns the first code span of each table row between {@code <!-- name:begin -->} and {@code <!-- name:end -->}. */
    static Set<String> tableKeys(String text, String name) {
        Pattern section = Pattern.compile(MARKER.pattern().replace("%s", Pattern.quote(name)));
        Set<String> keys = new LinkedHashSet<>();
        for (String table : matches(section, text, 1)) {
            keys.addAll(matches(Pattern.compile("(?m)^\\| *\\[?`(\\w+)`"), table, 1));
        }
        return keys;
    }

    /** Returns the anchors GitHub gives to the headings of a Markdown text. */
    private static List<String> anchors(String text) {
        return matches(HEADING, FENCE.matcher(text).replaceAll(""), 1).stream()
                .map(heading -> heading.toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\w\\- ]", "")
                        .replace(' ', '-'))
                .toList();
    }

    static String read(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> matches(Pattern pattern, String text, int group) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult match) -> match.group(group))
                .toList();
    }
}
