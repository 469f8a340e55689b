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

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.Recovery;
import io.github.ublk4j.engine.DriverDevice;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A server without any capability: its disks are for its user alone. What a udev rule
 * does on a real host, giving device nodes to whom the driver names, is done here by a
 * thread.
 */
@KernelTest
class UnprivilegedIT {

	private static final String NOBODY = "65534";

	private static final String OTHER = "65533";

	@TempDir(cleanup = CleanupMode.ALWAYS)
	private Path directory;

	private final Thread rule = new Thread(this::giveNodesToOwners, "udev");

	private volatile boolean ended;

	@BeforeEach
	void letEverybodyUseTheDriver() {
		Shell.run("chmod 666 /dev/ublk-control && chmod 755 " + this.directory);
		this.rule.start();
	}

	@AfterEach
	void forbidItAgain() throws InterruptedException {
		this.ended = true;
		this.rule.join();
		Shell.run("chmod 600 /dev/ublk-control");
	}

	/**
	 * What udev does with the rule of {@code docs/operations.md}.
	 */
	private void giveNodesToOwners() {
		try (UblkEngine root = UblkEngine.create()) {
			while (!this.ended) {
				for (DriverDevice device : root.listDriverDevices().block()) {
					give("/dev/ublkc" + device.id(), device);
					give("/dev/ublkb" + device.id(), device);
				}
				LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
			}
		}
	}

	private static void give(String node, DriverDevice device) {
		try {
			Files.setAttribute(Path.of(node), "unix:uid", device.ownerUid());
			Files.setAttribute(Path.of(node), "unix:gid", device.ownerGid());
		}
		catch (NoSuchFileException ex) {
			// it is not there yet, or no more
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Test
	void userServesAndUsesADiskThatNobodyElseCanUse() throws Exception {
		String classPath = readableClassPath();
		Process server = server(classPath, List.of("--reuid", NOBODY), "serve");
		try (BufferedReader output = outputOf(server)) {
			String path = DiskProcess.await(output, "/dev/ublkb");
			Shell.run(as(NOBODY, "dd if=/dev/urandom of=" + path + " bs=64k count=16 oflag=direct"));
			Shell.run(as(NOBODY, "dd if=" + path + " of=/dev/null bs=64k count=16 iflag=direct"));
			Shell.run("chmod 666 " + path);
			assertThat(Shell.tryRun(as(OTHER, "dd if=" + path + " of=/dev/null bs=4k count=1")).output())
				.contains("Operation not permitted");
			assertThat(attack(classPath, path)).startsWith("refused").containsAnyOf("EPERM", "EACCES");
			try (UblkEngine root = UblkEngine.create()) {
				assertThat(root.listDriverDevices().block()).singleElement()
					.satisfies((device) -> assertThat(device.flags()).contains("UNPRIVILEGED_DEV"));
			}
			assertThat(DiskProcess.await(output, "refused"))
				.contains("USER_COPY is not for devices of an ordinary user");
			assertThat(DiskProcess.await(output, "refused")).contains("recovery QUEUE is not for devices");
			assertEnds(server, path);
		}
		finally {
			server.destroyForcibly();
		}
	}

	@Test
	void threeCapabilitiesAreEnoughForEverythingElse() throws Exception {
		String capabilities = "+sys_admin,+sys_resource,+ipc_lock";
		Process server = server(readableClassPath(),
				List.of("--reuid", NOBODY, "--inh-caps", capabilities, "--ambient-caps", capabilities), "privileged");
		try (BufferedReader output = outputOf(server)) {
			String path = DiskProcess.await(output, "/dev/ublkb");
			assertThat(DiskProcess.await(output, "served")).isEqualTo("served USER_COPY, recovery QUEUE, flusher true");
			Shell.run("dd if=/dev/urandom of=" + path + " bs=64k count=16 oflag=direct");
			try (UblkEngine root = UblkEngine.create()) {
				assertThat(root.listDriverDevices().block()).singleElement()
					.satisfies((device) -> assertThat(device.flags()).doesNotContain("UNPRIVILEGED_DEV"));
			}
			assertEnds(server, path);
		}
		finally {
			server.destroyForcibly();
		}
	}

	private static Process server(String classPath, List<String> rights, String... arguments) throws IOException {
		List<String> command = new ArrayList<>(List.of("setpriv", "--regid", NOBODY, "--clear-groups"));
		command.addAll(rights);
		command.addAll(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
						"-XX:+UseSerialGC", "-Xmx128m", "-cp", classPath, UnprivilegedIT.class.getName()));
		command.addAll(List.of(arguments));
		return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
	}

	private static BufferedReader outputOf(Process process) {
		return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
	}

	private static void assertEnds(Process server, String path) throws Exception {
		server.getOutputStream().write('\n');
		server.getOutputStream().flush();
		assertThat(server.waitFor(60, TimeUnit.SECONDS)).isTrue();
		assertThat(server.exitValue()).isZero();
		assertThat(Path.of(path)).doesNotExist();
	}

	private static String attack(String classPath, String path) throws IOException {
		Process other = server(classPath, List.of("--reuid", OTHER), "delete", path.replaceAll("\\D", ""));
		try (BufferedReader output = outputOf(other)) {
			return DiskProcess.await(output, "");
		}
	}

	private static String as(String user, String command) {
		return "setpriv --reuid " + user + " --regid " + user + " --clear-groups " + command;
	}

	private String readableClassPath() throws IOException {
		List<String> copies = new ArrayList<>();
		for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
			Path source = Path.of(entry);
			Path copy = this.directory.resolve(copies.size() + "-" + source.getFileName());
			copies.add(copy.toString());
			try (Stream<Path> files = Files.exists(source) ? Files.walk(source) : Stream.empty()) {
				for (Path file : (Iterable<Path>) files::iterator) {
					Files.copy(file, copy.resolve(source.relativize(file).toString()),
							StandardCopyOption.REPLACE_EXISTING);
				}
			}
		}
		Shell.run("chmod -R a+rX " + this.directory);
		return String.join(File.pathSeparator, copies);
	}

	@SuppressWarnings("SystemOut")
	public static void main(String[] arguments) throws IOException {
		try (UblkEngine engine = UblkEngine.builder().stateDirectory(Files.createTempDirectory("ublk-state")).build()) {
			switch (arguments[0]) {
				case "serve" -> serve(engine);
				case "privileged" -> servePrivileged(engine);
				default -> delete(engine, Integer.parseInt(arguments[1]));
			}
		}
	}

	@SuppressWarnings("SystemOut")
	private static void serve(UblkEngine engine) throws IOException {
		DiskSpec.Builder spec = DiskSpec.named("mine").size(8 << 20).queueDepth(16);
		UblkDevice device = engine.start(spec.build(), new RamDisk(8 << 20)).block();
		System.out.println(device.path());
		for (DiskSpec refused : List.of(DiskSpec.named("other").size(8 << 20).dataMode(DataMode.USER_COPY).build(),
				DiskSpec.named("other").size(8 << 20).recovery(Recovery.QUEUE).build())) {
			try {
				engine.start(refused, new RamDisk(8 << 20)).block();
			}
			catch (UblkException ex) {
				System.out.println("refused: " + ex.getMessage());
			}
		}
		System.in.read();
		device.stop().block();
	}

	@SuppressWarnings("SystemOut")
	private static void servePrivileged(UblkEngine engine) throws IOException {
		DiskSpec spec = DiskSpec.named("capable")
			.size(8 << 20)
			.queueDepth(16)
			.dataMode(DataMode.USER_COPY)
			.recovery(Recovery.QUEUE)
			.build();
		UblkDevice device = engine.start(spec, new RamDisk(8 << 20)).block();
		System.out.println(device.path());
		System.out.println("served " + device.status().dataMode() + ", recovery " + device.spec().recovery()
				+ ", flusher " + device.status().queues().get(0).ioFlusher());
		System.in.read();
		device.stop().block();
	}

	@SuppressWarnings("SystemOut")
	private static void delete(UblkEngine engine, int id) {
		try {
			engine.delete(id).block();
			System.out.println("deleted");
		}
		catch (RuntimeException ex) {
			System.out.println("refused: " + ex.getMessage());
		}
	}

}
