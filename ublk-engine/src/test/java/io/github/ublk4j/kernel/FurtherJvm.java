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

package io.github.ublk4j.kernel;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Starts further JVMs with the class path of this one. Under emulation a start takes many
 * seconds, most of them for loading classes: the first that ends by itself leaves an
 * archive of its classes to those that are started after it.
 */
final class FurtherJvm {

	private static final Path DIRECTORY = temporaryDirectory();

	private static final String CLASS_PATH = Arrays
		.stream(System.getProperty("java.class.path").split(File.pathSeparator))
		.map((element) -> archivable(Path.of(element)))
		.map(Path::toString)
		.collect(Collectors.joining(File.pathSeparator));

	private FurtherJvm() {
	}

	/**
	 * Starts one; what it prints on its error output is printed here.
	 */
	static Process start(Class<?> main, String... arguments) {
		Path archive = DIRECTORY.resolve("classes.jsa");
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
						"-XX:+UseSerialGC", "-Xmx128m", "-Xlog:disable", "-Xlog:all=error:stderr",
						// one that is not complete is not used
						(Files.exists(archive) ? "-XX:SharedArchiveFile=" : "-XX:ArchiveClassesAtExit=") + archive,
						"-cp", CLASS_PATH, main.getName()));
		command.addAll(List.of(arguments));
		try {
			return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Path temporaryDirectory() {
		try {
			Path directory = Files.createTempDirectory("ublk4j-");
			Runtime.getRuntime().addShutdownHook(new Thread(() -> Shell.run("rm -r " + directory)));
			return directory;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	// classes of a directory cannot be archived, those of a jar can
	private static Path archivable(Path element) {
		if (!Files.isDirectory(element)) {
			return element;
		}
		Path jar = DIRECTORY.resolve(element.getFileName() + ".jar");
		try (Stream<Path> files = Files.walk(element);
				ZipOutputStream output = new ZipOutputStream(Files.newOutputStream(jar))) {
			output.setLevel(0);
			for (Path file : files.filter(Files::isRegularFile).toList()) {
				output.putNextEntry(new ZipEntry(element.relativize(file).toString()));
				Files.copy(file, output);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return jar;
	}

}
