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

package io.github.ublk4j.spring;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReadmeTests {

	@Test
	void firstExampleCompiles() throws IOException {
		String disk = source("readme/ScratchDisk", "import").replace("\t", "    ");
		assertThat(Files.readString(Path.of("../README.md"))).containsOnlyOnce("```java\n" + disk + "```\n");
	}

	@Test
	void transferExampleOfTheGuideCompiles() throws IOException {
		String guide = Files.readString(Path.of("../docs/user-guide.md")).replaceAll("(?m)//.*$", "");
		assertThat(compact(guide)).containsOnlyOnce(compact(sourceOf("ArchiveDisk")));
	}

	@Test
	void annotatedExampleOfTheGuideCompiles() throws IOException {
		String disk = sourceOf("BucketDisk").replace("\t", "    ");
		assertThat(Files.readString(Path.of("../docs/user-guide.md"))).containsOnlyOnce("```java\n" + disk + "```\n");
	}

	@Test
	void examplesOfTheTestingGuideCompileAndRun() throws IOException {
		String sources = "";
		for (String test : List.of("ScratchDiskTests", "DiscardingDiskTests", "ScratchDiskContractTests",
				"FailingDiskTests")) {
			sources += Files.readString(Path.of("src/test/java/io/github/ublk4j/spring/test/docs/" + test + ".java"));
		}
		String guide = Files.readString(Path.of("../docs/testing-a-disk.md"));
		List<String> examples = examples(guide);
		assertThat(examples).hasSize(4);
		for (String example : examples) {
			assertThat(compact(sources)).containsOnlyOnce(compact(example));
		}
	}

	@Test
	void everyExampleOfTheDocumentationCompiles() throws IOException {
		StringBuilder sources = new StringBuilder();
		try (Stream<Path> files = Files.walk(Path.of("src/test/java/io/github/ublk4j/spring"))) {
			for (Path source : files.filter((file) -> file.toString().endsWith(".java")).toList()) {
				sources.append(bare(Files.readString(source)));
			}
		}
		List<String> examples = new ArrayList<>();
		try (Stream<Path> files = Files.list(Path.of("../docs"))) {
			for (Path page : files.filter((file) -> file.toString().endsWith(".md")).toList()) {
				examples(Files.readString(page))
					.forEach((example) -> examples.add(page.getFileName() + ":\n" + example));
			}
		}
		assertThat(examples).hasSizeGreaterThan(15)
			.allSatisfy((example) -> assertThat(sources.toString()).contains(
					bare(example.substring(example.indexOf('\n')).replace("{ ... }", "{ return Mono.empty(); }"))));
	}

	private static List<String> examples(String page) {
		return Pattern.compile("(?s)```java\n(.*?)```").matcher(page).results().map((match) -> match.group(1)).toList();
	}

	private static String bare(String code) {
		return compact(code.replaceAll("(?m)//.*$", ""));
	}

	private static String sourceOf(String disk) throws IOException {
		return source(disk, "@BlockDevice");
	}

	private static String source(String disk, String start) throws IOException {
		String source = Files.readString(Path.of("src/test/java/io/github/ublk4j/spring/" + disk + ".java"));
		return source.substring(source.indexOf("\n" + start) + 1);
	}

	private static String compact(String text) {
		return text.replace("@Override", "").replaceAll("\\s", "");
	}

}
