/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.spring.autoconfigure;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.json.JsonParserFactory;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What IDEs and the user guide say about the properties.
 */
class PropertyMetadataTests {

	private static final Pattern ROW = Pattern
		.compile("(?m)^\\| `(ublk\\.[^`]+)`(?:, `([^`]+)`)? \\| (?:`([^`]*)`)? ?\\|");

	private static final List<String> WITHOUT_DEFAULT = List.of("ublk.devices", "ublk.memory.limit",
			"ublk.oom-score-adj", "ublk.owner");

	private static final String DEVICE = "ublk.devices.<name>.";

	private final Map<String, Map<String, Object>> properties = read("properties");

	private final Map<String, Map<String, Object>> hints = read("hints");

	private final Map<String, String> documented = documented();

	PropertyMetadataTests() throws IOException {
	}

	@Test
	void everyPropertyIsDescribedInSentence() {
		assertThat(this.properties).isNotEmpty()
			.allSatisfy((name,
					property) -> assertThat(property.get("description")).as(name).asString().matches("(?s)[A-Z].*\\."));
	}

	@Test
	void everyPropertyHasDefaultUnlessThereIsNone() {
		assertThat(this.properties)
			.allSatisfy((name, property) -> assertThat(property.containsKey("defaultValue")).as(name)
				.isNotEqualTo(WITHOUT_DEFAULT.contains(name)));
	}

	@Test
	void everyPropertyIsInTheGuideWithItsDefault() {
		this.properties.forEach((name, property) -> {
			if (!name.equals("ublk.devices")) {
				assertThat(this.documented).containsEntry(name, Objects.toString(property.get("defaultValue"), ""));
			}
		});
	}

	@Test
	void everyAttributeOfDiskIsInTheGuideWithItsDefault() {
		Map<String, Class<?>> attributes = attributes("", Device.class);
		assertThat(attributes).containsKeys("queueDepth", "file.directIo", "layer.delay.read");
		attributes.forEach((attribute, type) -> {
			String name = DEVICE + DataObjectPropertyName.toDashedForm(attribute);
			assertThat(this.documented).containsKey(name);
			Object annotated = AnnotationUtils.getDefaultValue(BlockDevice.class, attribute);
			if (annotated != null) {
				assertThat(uniform(this.documented.getOrDefault(name, ""), type)).as(name)
					.isEqualTo(uniform(annotated.toString(), type));
			}
		});
	}

	@Test
	void guideNamesNoPropertyThatDoesNotExist() {
		List<String> attributes = attributes("", Device.class).keySet()
			.stream()
			.map((attribute) -> DEVICE + DataObjectPropertyName.toDashedForm(attribute))
			.toList();
		assertThat(this.documented.keySet())
			.allMatch((name) -> this.properties.containsKey(name) || attributes.contains(name));
	}

	@Test
	void hintsAreForPropertiesThatExist() {
		assertThat(this.hints).isNotEmpty().allSatisfy((name, hint) -> {
			String property = name.replaceFirst("\\.(keys|values)$", "");
			assertThat(this.properties).containsKey(property);
			boolean map = String.valueOf(property(property).get("type")).startsWith("java.util.Map<");
			assertThat(map).as(name).isNotEqualTo(property.equals(name));
		});
	}

	/** Without the provider "any", names that are not in the hint are marked as wrong. */
	@Test
	void anyNameOfDiskIsAllowed() {
		assertThat(this.hints.get("ublk.devices.keys")).containsEntry("providers", List.of(Map.of("name", "any")));
	}

	@Test
	void everyValueOfEnumIsHinted() {
		Map<String, Class<?>> enums = new TreeMap<>();
		this.properties.forEach((name, property) -> {
			Class<?> type = type(property);
			if (type.isEnum()) {
				enums.put(name, type);
			}
		});
		assertThat(enums).isNotEmpty().allSatisfy((name, type) -> {
			List<String> constants = Arrays.stream(type.getEnumConstants())
				.map((constant) -> constant.toString().toLowerCase(Locale.ROOT))
				.toList();
			assertThat(this.hints).containsKey(name);
			assertThat(values(name)).extracting((value) -> value.get("value"))
				.containsExactlyInAnyOrderElementsOf(constants);
		});
	}

	@Test
	void hintedValuesAreAllowedAndDescribed() {
		this.hints.keySet().forEach((name) -> assertThat(values(name)).as(name).isNotEmpty().allSatisfy((value) -> {
			assertThat(value.get("description")).asString().matches("[A-Z].*\\.");
			Class<?> type = name.endsWith(".keys") ? String.class : type(property(name));
			assertThat(new Binder(new MapConfigurationPropertySource(Map.of("hinted", value.getOrDefault("value", ""))))
				.bind("hinted", type)
				.isBound()).isTrue();
		}));
	}

	/**
	 * No hint can reach the attributes of a disk, since the values of the map are
	 * objects; what an IDE shows for them is the text at the record.
	 */
	@Test
	void storeAndLayersAreDescribedWithAllThatCanBeWritten() throws IOException {
		String source = Files
			.readString(Path.of("src/main/java/io/github/ublk4j/spring/autoconfigure/UblkProperties.java"));
		assertThat(
				new BuiltInLayers(new EncryptionKeys(new StaticListableBeanFactory().getBeanProvider(SslBundles.class)))
					.all())
			.isNotEmpty()
			.allSatisfy((layer) -> assertThat(parameter(source, "layers")).contains('"' + layer.written() + '"'));
		String kinds = Files.readString(Path.of("../docs/stores.md"));
		Matcher kind = Pattern.compile("(?m)^\\| \\[`([^`]+)`]").matcher(kinds);
		int found = 0;
		for (; kind.find(); found++) {
			assertThat(parameter(source, "store")).contains('"' + kind.group(1));
		}
		assertThat(found).isEqualTo(11);
	}

	private static String parameter(String source, String name) {
		Matcher parameter = Pattern.compile("@param " + name + " (.*?)\\* @param", Pattern.DOTALL).matcher(source);
		assertThat(parameter.find()).as(name).isTrue();
		return parameter.group(1);
	}

	private Map<String, Object> property(String name) {
		return Objects.requireNonNull(this.properties.get(name), name);
	}

	private static Class<?> type(Map<String, Object> property) {
		return ClassUtils.resolveClassName(String.valueOf(property.get("type")).replaceFirst("<.*", ""), null);
	}

	@SuppressWarnings("unchecked")
	private List<Map<String, Object>> values(String hint) {
		return (List<Map<String, Object>>) Objects
			.requireNonNull(Objects.requireNonNull(this.hints.get(hint)).get("values"));
	}

	private static Object uniform(String value, Class<?> type) {
		return (type == DataSize.class && !value.isEmpty()) ? DataSize.parse(value) : value.toLowerCase(Locale.ROOT);
	}

	private static Map<String, Class<?>> attributes(String prefix, Class<?> type) {
		Map<String, Class<?>> attributes = new LinkedHashMap<>();
		for (RecordComponent component : type.getRecordComponents()) {
			String name = prefix + component.getName();
			if (component.getType().isRecord()) {
				attributes.putAll(attributes(name + ".", component.getType()));
			}
			else {
				attributes.put(name, component.getType());
			}
		}
		return attributes;
	}

	/** Returns the defaults in the guide by property; empty where it has none. */
	private static Map<String, String> documented() throws IOException {
		Map<String, String> documented = new TreeMap<>();
		Matcher row = ROW.matcher(
				Files.readString(Path.of("../docs/user-guide.md")) + Files.readString(Path.of("../docs/layers.md")));
		while (row.find()) {
			String value = Objects.toString(row.group(3), "");
			documented.put(row.group(1), value);
			if (row.group(2) != null) {
				documented.put(row.group(1).replaceFirst("[^.]*$", "") + row.group(2), value);
			}
		}
		return documented;
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Map<String, Object>> read(String kind) throws IOException {
		Map<String, Map<String, Object>> read = new TreeMap<>();
		try (InputStream metadata = UblkProperties.class
			.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
			String json = new String(Objects.requireNonNull(metadata).readAllBytes(), StandardCharsets.UTF_8);
			List<Object> entries = (List<Object>) JsonParserFactory.getJsonParser().parseMap(json).get(kind);
			for (Object each : Objects.requireNonNull(entries)) {
				Map<String, Object> entry = (Map<String, Object>) each;
				String name = String.valueOf(entry.get("name"));
				if (name.startsWith("ublk.")) {
					read.put(name, entry);
				}
			}
		}
		return read;
	}

}
