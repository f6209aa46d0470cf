// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Every key of the configuration file, in the order of the records. */
public final class SettingCatalog {

    /**
     * One key.
     *
     * @param path with its sections; {@code <name>} stands for any name
     * @param setting what the records say of it
     * @param type of the component
     * @param section whether it holds keys and no value
     */
    public record Entry(String path, Setting setting, Class<?> type, boolean section) {
        /** Returns what may stand there. */
        public String values() {
            if (!setting.range().isEmpty()) {
                return setting.range();
            }
            if (section) {
                return "sections by name";
            }
            return type == List.class ? "list" : Scalars.expectation(type, "");
        }

        int depth() {
            return path.split("\\.").length - 1;
        }

        String key() {
            return path.substring(path.lastIndexOf('.') + 1);
        }
    }

    private SettingCatalog() {}

    /** Returns all keys. */
    public static List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        collect(RouterConfig.class, "", entries);
        return entries;
    }

    private static void collect(Class<?> section, String prefix, List<Entry> entries) {
        for (RecordComponent component : section.getRecordComponents()) {
            String path = prefix + SectionReader.key(component);
            Class<?> type = component.getType();
            boolean isSection = type == Map.class || type.isRecord() && !Scalars.isScalar(type);
            entries.add(new Entry(path, SectionReader.setting(component), type, isSection));
            if (component.isAnnotationPresent(InheritsFrom.class)) {
                continue; // its keys are those of the section it inherits from
            }
            if (type == Map.class) {
                collect(SectionReader.argument(component), path + ".<name>.", entries);
            } else if (isSection) {
                collect(type, path + ".", entries);
            }
        }
    }
}
