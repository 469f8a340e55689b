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
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.DiskRefusedException;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.UblkUnavailableException;
import io.github.ublk4j.engine.UblkUnavailableException.Reason;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.OnFlush;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.OnWrite;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.TestUblk;
import io.github.ublk4j.store.FileBlockStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.core.io.support.SpringFactoriesLoader.ArgumentResolver;
import org.springframework.test.context.TestPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a developer reads when the application does not start.
 */
class FailureAnalyzersTests {

	private static final String NEEDING_MORE = " or redis:<volume> (with spring-boot-starter-data-redis)"
			+ " or r2dbc:<volume> (with spring-boot-starter-r2dbc)"
			+ " or s3:<bucket>/<prefix> (with software.amazon.awssdk:s3)"
			+ " or https://host/path/to/disk.img (with spring-boot-starter-webclient)";

	private final TestUblk ublk = new TestUblk();

	private final Path directory;

	private final ApplicationContextRunner contextRunner;

	FailureAnalyzersTests(@TempDir Path directory) {
		this.directory = directory;
		this.contextRunner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withBean(UblkEngine.class, this.ublk::engine)
			.withPropertyValues("ublk.run-directory=" + directory.resolve("run"));
	}

	@Test
	void beanOfTheWrongType() {
		assertFailure(this.contextRunner.withUserConfiguration(WrongType.class),
				"The @BlockDevice bean 'backup' of type java.lang.String cannot serve a disk.",
				"Let it implement one of BlockDeviceHandler, BlockRequestStream, BlockStore, "
						+ "annotate its methods with @OnRead, @OnWrite and so on, or remove @BlockDevice.");
	}

	@Test
	void annotatedMethodThatCannotBeCalled() {
		assertFailure(this.contextRunner.withBean("tape", AnnotatedIterable.class),
				"The method 'Iterable<Byte> load(long offset)' of the @BlockDevice bean 'tape' of type "
						+ AnnotatedIterable.class.getName() + " cannot be its @OnRead: it returns Iterable<Byte>.",
				"""
						A method for @OnRead looks like one of
						    Mono<ByteBuffer> read(long offset, int length)
						    Mono<Void> read(long offset, ByteBuffer buffer)
						    Mono<Void> read(ReadRequest request)
						DataBuffer can stand for ByteBuffer, and byte[] for the result. \
						A method may block if it returns no Mono, but void or the bytes.""");
	}

	@Test
	void annotatedMethodsOfBeanThatIsHandlerAnyway() {
		assertFailure(this.contextRunner.withBean("tape", AnnotatedHandlerBean.class),
				"The @BlockDevice bean 'tape' of type " + AnnotatedHandlerBean.class.getName()
						+ " can serve its disk in 2 ways: it implements BlockDeviceHandler, "
						+ "and has methods annotated with @OnWrite, @OnFlush.",
				"Remove the annotations of the methods, or 'implements BlockDeviceHandler'.");
	}

	@Test
	void writableDiskWithoutAnnotatedMethodForWrites() {
		FailureAnalysis analysis = analyze(this.contextRunner.withBean("tape", AnnotatedReads.class));
		assertThat(analysis.getDescription())
			.isEqualTo("The disk 'tape' (bean 'tape') cannot be made: it can be written, but no method has @OnWrite.");
		assertThat(analysis.getAction()).startsWith("Set ublk.devices.tape.read-only=true, "
				+ "or the attribute 'readOnly' of @BlockDevice, or add a method. "
				+ "A method for @OnWrite looks like one of\n    Mono<Void> write(long offset, ByteBuffer data)\n");
		assertThat(this.ublk.journal()).isEmpty();
		this.contextRunner.withBean("tape", AnnotatedReads.class)
			.withPropertyValues("ublk.devices.tape.read-only=true")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void duplicateName() {
		assertFailure(this.contextRunner.withUserConfiguration(Duplicates.class),
				"Two beans want to serve a disk named 'scratch': 'ramDisk' and 'fileDisk'.",
				"Give one of them another name: @BlockDevice(name = \"...\").");
	}

	@Test
	void missingSizeOfBean() {
		assertFailure(this.contextRunner.withUserConfiguration(NoSize.class),
				"The disk 'archive' (bean 'archive') cannot be made: it has no size.",
				"Set ublk.devices.archive.size, or the attribute 'size' of @BlockDevice on the bean 'archive', such as 256MB.");
	}

	@Test
	void missingSizeOfDeclaredDisk() {
		assertFailure(this.contextRunner.withPropertyValues("ublk.devices.ram.store=memory"),
				"The disk 'ram' (store memory) cannot be made: it has no size.",
				"Set ublk.devices.ram.size, such as 256MB.");
	}

	@Test
	void misalignedSizeInProperty() {
		assertFailure(
				this.contextRunner.withUserConfiguration(TestDisks.Scratch.class)
					.withPropertyValues("ublk.devices.scratch.size=1000"),
				"The disk 'scratch' (bean 'testDisks.Scratch') cannot be made: ublk.devices.scratch.size is 1000.",
				"Use a multiple of the logical block size (512 bytes); the nearest are 512 and 1024.");
	}

	@Test
	void misalignedSizeInAnnotation() {
		assertFailure(this.contextRunner.withUserConfiguration(Misaligned.class),
				"The disk 'odd' (bean 'disk') cannot be made: "
						+ "the attribute 'size' of @BlockDevice on the bean 'disk' is 1000.",
				"Use a multiple of the logical block size (512 bytes); the nearest are 512 and 1024.");
	}

	@Test
	void sizeInAnnotationThatIsNone() {
		assertFailure(this.contextRunner.withUserConfiguration(NoNumber.class),
				"The disk 'disk' (bean 'disk') cannot be made: "
						+ "the attribute 'size' of @BlockDevice on the bean 'disk' is '4 gigs'.",
				"Write a number with B, KB, MB, GB or TB, such as 256MB.");
	}

	@ParameterizedTest
	@CsvSource({ "ublk.devices.ram.size, 20G, 'Write 20GB: a number with B, KB, MB, GB or TB.'",
			"ublk.devices.ram.chunks.chunk-size, 64 kib, 'Write 64KB: a number with B, KB, MB, GB or TB.'",
			"ublk.memory.limit, much, 'Write a number with B, KB, MB, GB or TB, such as 256MB.'",
			"ublk.drain-timeout, 5 sec, 'Write a number with ms, s, m, h or d, such as 5s.'" })
	void propertyThatIsNoSizeOrTime(String property, String value, String action) {
		assertFailure(this.contextRunner.withPropertyValues("ublk.devices.ram.store=memory", property + "=" + value),
				property + " is '" + value + "' (\"" + property + "\" from property source \"test\").", action);
	}

	@Test
	void lineOfTheFileIsNamed() throws Exception {
		Path file = Files.writeString(this.directory.resolve("disks.yaml"), """
				ublk:
				  devices:
				    ram:
				      store: memory
				      size: 1000
				""");
		assertFailure(withFile(file),
				"The disk 'ram' (store memory) cannot be made: ublk.devices.ram.size is 1000.\n"
						+ "ublk.devices.ram.size is set in file [" + file + "] - 5:13",
				"Use a multiple of the logical block size (512 bytes); the nearest are 512 and 1024.");
	}

	@Test
	void lineOfTheFileIsNamedOnce() throws Exception {
		Path file = Files.writeString(this.directory.resolve("disks.yaml"), "ublk.enable: true");
		FailureAnalysis analysis = analyze(withFile(file));
		assertThat(analysis.getDescription())
			.isEqualTo("There is no property ublk.enable (file [" + file + "] - 1:14).");
		assertThat(analysis.getAction()).startsWith("Did you mean ublk.enabled? Besides ublk.devices, there are ")
			.contains(", ublk.memory.limit, ublk.metrics.enabled, ");
	}

	@ParameterizedTest
	@CsvSource({ "ublk.device.a.store, ublk.devices.a.store",
			"ublk.devcies.a-b.queue-depth, ublk.devices.a-b.queue-depth", "ublk.device, ublk.devices",
			"ublk.drain-timout, ublk.drain-timeout", "ublk.metric.enabled, ublk.metrics.enabled" })
	void propertyThatIsMeantIsSuggested(String written, String meant) {
		assertThat(analyze(this.contextRunner.withPropertyValues(written + "=1")).getAction())
			.startsWith("Did you mean " + meant + "? ");
	}

	private ApplicationContextRunner withFile(Path file) {
		return this.contextRunner.withInitializer((context) -> {
			try {
				new YamlPropertySourceLoader().load(file.toString(), new FileSystemResource(file))
					.forEach(context.getEnvironment().getPropertySources()::addLast);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			queues             | 0    | Use 1 to 4096 queues
			queue-depth        | 0    | Use 1 to 4096 requests in flight per queue.
			queue-depth        | 5000 | Use 1 to 4096 requests in flight per queue.
			max-io-size        | 5000 | Use a multiple of 4096 bytes
			max-io-size        | 4294967296 | Use less than 2 GiB.
			logical-block-size | 513  | Use 512, 1024, 2048 or 4096 bytes.
			io-opt             | 5000 | Use a power of two
			""")
	void attributeOutOfRange(String attribute, String value, String action) {
		FailureAnalysis analysis = analyze(this.contextRunner.withPropertyValues("ublk.devices.ram.store=memory",
				"ublk.devices.ram.size=1MB", "ublk.devices.ram." + attribute + "=" + value));
		assertThat(analysis.getDescription()).isEqualTo(
				"The disk 'ram' (store memory) cannot be made: ublk.devices.ram." + attribute + " is " + value + ".");
		assertThat(analysis.getAction()).startsWith(action);
	}

	@Test
	void nameThatCannotBeUsed() {
		FailureAnalysis analysis = analyze(
				this.contextRunner.withPropertyValues("ublk.devices[a/b].store=memory", "ublk.devices[a/b].size=1MB"));
		assertThat(analysis.getDescription())
			.isEqualTo("The disk 'a/b' (store memory) cannot be made: its name is 'a/b'.");
		assertThat(analysis.getAction()).startsWith("Use up to 64 letters, digits");
	}

	@Test
	void unknownStore() {
		assertFailure(
				this.contextRunner.withPropertyValues("ublk.devices.archive.store=floppy:a",
						"ublk.devices.archive.size=1MB"),
				"There is no store 'floppy:a': ublk.devices.archive.store=floppy:a.",
				"Set ublk.devices.archive.store to memory or file:/path/to/disk.img or "
						+ "directory:/path/to/disk or null (in YAML \"null\") or pattern:<seed> or stripe or mirror"
						+ NEEDING_MORE + ".");
	}

	@Test
	void entryWithNothingToServeIt() {
		assertFailure(
				this.contextRunner.withUserConfiguration(TestDisks.Two.class)
					.withPropertyValues("ublk.devices.thrid.size=1MB"),
				"There is nothing to serve the disk 'thrid': ublk.devices.thrid.store is not set, "
						+ "and no bean is annotated with @BlockDevice(name = \"thrid\").",
				"Set ublk.devices.thrid.store to memory or file:/path/to/disk.img or "
						+ "directory:/path/to/disk or null (in YAML \"null\") or pattern:<seed> or stripe or mirror"
						+ NEEDING_MORE + ", "
						+ "or write the name of the disk of a @BlockDevice bean ('first', 'second').");
	}

	@Test
	void storeThatYamlTakesForNothing() throws Exception {
		Path file = Files.writeString(this.directory.resolve("disks.yaml"), "ublk.devices.archive.store: null");
		FailureAnalysis analysis = analyze(withFile(file));
		assertThat(analysis.getDescription())
			.startsWith("There is nothing to serve the disk 'archive': ublk.devices.archive.store is empty.")
			.doesNotContain("not set");
		assertThat(analysis.getAction()).contains(" or null (in YAML \"null\") or ")
			.endsWith("write it in quotes, store: \"null\".");
		Path quoted = Files.writeString(this.directory.resolve("quoted.yaml"), """
				ublk.devices.archive:
				  store: "null"
				  size: 1MB
				""");
		withFile(quoted).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void diskServedTwice() {
		assertFailure(
				this.contextRunner.withUserConfiguration(TestDisks.Two.class)
					.withPropertyValues("ublk.devices.first.store=memory"),
				"The disk 'first' would be served twice: by the bean 'first' and by ublk.devices.first.store=memory.",
				"Remove the property, or give the bean's disk another name: @BlockDevice(name = \"...\").");
	}

	@Test
	void fileSmallerThanTheDisk() throws Exception {
		Path file = Files.write(this.directory.resolve("disk.img"), new byte[4096]);
		assertFailure(
				this.contextRunner.withPropertyValues("ublk.devices.archive.store=file:" + file,
						"ublk.devices.archive.size=1MB"),
				"The disk 'archive' cannot be made, because ublk.devices.archive.store=file:" + file
						+ " cannot be opened: " + file + " has 4096 bytes, fewer than the 1048576 of the disk.",
				"Make the disk smaller, or the file larger (truncate -s 1048576 " + file + ").");
	}

	@Test
	void fileInMissingDirectory() {
		Path file = this.directory.resolve("missing/disk.img");
		assertFailure(
				this.contextRunner.withPropertyValues("ublk.devices.archive.store=file:" + file,
						"ublk.devices.archive.size=1MB"),
				"The disk 'archive' cannot be made, because ublk.devices.archive.store=file:" + file
						+ " cannot be opened: " + file + " cannot be created: " + file.getParent() + " does not exist.",
				"Correct the path, or create the directory (mkdir -p " + file.getParent() + ").");
	}

	@Test
	void storeThatIsNoFile() {
		assertFailure(this.contextRunner.withPropertyValues("ublk.devices.archive.store=file:" + this.directory),
				"The disk 'archive' cannot be made, because ublk.devices.archive.store=file:" + this.directory
						+ " cannot be opened: " + this.directory + " is a directory.",
				"Name a file, such as " + this.directory.resolve("disk.img") + ".");
	}

	@Test
	void missingFileWithoutSize() {
		Path file = this.directory.resolve("disk.img");
		assertFailure(this.contextRunner.withPropertyValues("ublk.devices.archive.store=file:" + file),
				"The disk 'archive' (store file:" + file + ") cannot be made: it has no size.",
				"Set ublk.devices.archive.size, such as 256MB.");
		assertThat(file).doesNotExist();
	}

	@Test
	void memoryStoreThatIsTooLarge() {
		assertFailure(
				this.contextRunner.withPropertyValues("ublk.devices.ram.store=memory",
						"ublk.devices.ram.size=1048576GB"),
				"The disk 'ram' cannot be made, because ublk.devices.ram.store=memory cannot be opened: "
						+ "A memory store cannot have 1125899906842624 bytes. Use 1 to 562949951062016.",
				"Change ublk.devices.ram.size or ublk.devices.ram.store.");
	}

	@Test
	void beanMethodThatCannotOpenItsStore() {
		Path file = this.directory.resolve("missing/disk.img");
		assertFailure(
				this.contextRunner.withUserConfiguration(MissingFile.class).withPropertyValues("disk.file=" + file),
				"The store of a disk cannot be opened: " + file + " cannot be created: " + file.getParent()
						+ " does not exist.",
				"Correct the path, or create the directory (mkdir -p " + file.getParent() + ").");
	}

	@Test
	void beanMethodThatMakesAnInvalidDisk() {
		assertFailure(this.contextRunner.withUserConfiguration(InvalidSpec.class),
				"The disk 'odd' cannot be made: its size is 1000.",
				"Use a multiple of the logical block size (512 bytes); the nearest are 512 and 1024.");
	}

	@Test
	void disksWhoseNamesAreTheSameToSpringBoot() {
		assertFailure(
				this.contextRunner.withPropertyValues("ublk.devices.vol-1.store=memory", "ublk.devices.vol-1.size=1MB",
						"ublk.devices.vol1.store=memory", "ublk.devices.vol1.size=1MB"),
				"The disks 'vol-1' and 'vol1' cannot be told apart in ublk.devices: "
						+ "Spring Boot takes the names to be the same.",
				"Rename one of them, or write the names in brackets: "
						+ "ublk.devices[vol-1].* and ublk.devices[vol1].*.");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			ublk.drain-timeout   | -5s | A negative time cannot be waited for. Use 5s, for example, or 0
			ublk.control-timeout | -1s | No command to the driver can be that quick. Use 30s, for example.
			ublk.control-timeout | 0   | No command to the driver can be that quick. Use 30s, for example.
			ublk.drain-timeout   | 25h | Nobody waits that long. Use 1d at most.
			ublk.control-timeout | 25h | Nobody waits that long. Use 1d at most.
			ublk.memory.limit    | 0B  | Use 256MB, for example, or leave it out for no limit.
			ublk.memory.limit    | -1B | Use 256MB, for example, or leave it out for no limit.
			ublk.oom-score-adj   | -1001 | Linux takes -1000 (killed never) to 1000 (killed first).
			ublk.oom-score-adj   | -2147483648 | Linux takes -1000 (killed never) to 1000 (killed first).
			ublk.oom-score-adj   | 1001 | Linux takes -1000 (killed never) to 1000 (killed first).
			""")
	void engineSettingOutOfRange(String property, String value, String remedy) {
		FailureAnalysis analysis = analyze(this.contextRunner.withPropertyValues(property + "=" + value));
		assertThat(analysis.getDescription())
			.startsWith("Invalid value '" + value + "' for configuration property '" + property + "'")
			.contains(remedy);
	}

	@Test
	void deviceThatTheKernelRefuses() {
		this.ublk.refuse("first");
		assertFailure(this.contextRunner.withUserConfiguration(TestDisks.Two.class),
				"The disk 'first' (bean 'first') could not be started: ADD_DEV failed with ENOMEM (12).",
				"The kernel may have written more about it: dmesg | tail. "
						+ "If the driver only needed longer, raise ublk.control-timeout.");
	}

	@Test
	void dataModeThatTheKernelLacks() {
		this.ublk.refuse("scratch", new DiskRefusedException("scratch", DiskRefusedException.Reason.DATA_MODE,
				"data mode ZERO_COPY needs Linux 6.15 or later.", "Use AUTO or COPY."));
		assertFailure(this.contextRunner.withUserConfiguration(TestDisks.Scratch.class),
				"The disk 'scratch' (bean 'testDisks.Scratch') could not be started: "
						+ "data mode ZERO_COPY needs Linux 6.15 or later.",
				"Set ublk.devices.scratch.data-mode=auto, which takes the best mode that the kernel has, "
						+ "or run a newer kernel.");
	}

	@Test
	void partitionScanThatTheKernelCannotLeaveOut() {
		this.ublk.refuse("scratch", new DiskRefusedException("scratch", DiskRefusedException.Reason.PARTITION_SCAN,
				"to leave out the scan for partitions needs Linux 7.0 or later.", "Let it scan."));
		assertFailure(this.contextRunner.withUserConfiguration(TestDisks.Scratch.class),
				"The disk 'scratch' (bean 'testDisks.Scratch') could not be started: "
						+ "to leave out the scan for partitions needs Linux 7.0 or later.",
				"Leave out ublk.devices.scratch.partition-scan, or run a newer kernel.");
	}

	@Test
	void dataModeThatDoesNotExist() {
		FailureAnalysis analysis = analyze(this.contextRunner.withUserConfiguration(TestDisks.Scratch.class)
			.withPropertyValues("ublk.devices.scratch.data-mode=fast"));
		assertThat(analysis.getDescription()).contains("ublk.devices.scratch.data-mode").contains("fast");
		assertThat(analysis.getAction()).contains("AUTO", "COPY", "USER_COPY", "ZERO_COPY");
	}

	@Test
	void memoryLimitThatLeavesTooLittle() {
		this.ublk.refuse("scratch", new DiskRefusedException("scratch", DiskRefusedException.Reason.MEMORY_LIMIT,
				"only 0 are left by the disks [a].", "Raise the limit."));
		assertFailure(this.contextRunner.withUserConfiguration(TestDisks.Scratch.class),
				"The disk 'scratch' (bean 'testDisks.Scratch') could not be started: only 0 are left by the disks [a].",
				"Raise ublk.memory.limit, or lower ublk.devices.scratch.queues, ublk.devices.scratch.queue-depth or "
						+ "ublk.devices.scratch.max-io-size.");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			auto | ublk.devices.scratch.max-io-size.
			copy | ublk.devices.scratch.data-mode=auto: then only requests in flight take memory.
			""")
	void hostThatHasTooLittleMemory(String mode, String end) {
		this.ublk.refuse("scratch", new DiskRefusedException("scratch", DiskRefusedException.Reason.HOST_MEMORY,
				"only 1 are available.", "Use less."));
		FailureAnalysis analysis = analyze(this.contextRunner.withUserConfiguration(TestDisks.Scratch.class)
			.withPropertyValues("ublk.devices.scratch.data-mode=" + mode));
		assertThat(analysis.getDescription()).endsWith("could not be started: only 1 are available.");
		assertThat(analysis.getAction()).startsWith("Lower ublk.devices.scratch.queues, ").endsWith(end);
	}

	@Test
	void directIoOfDiskWithoutFile() {
		assertFailure(
				this.contextRunner.withPropertyValues("ublk.devices.ram.store=memory", "ublk.devices.ram.size=1MB",
						"ublk.devices.ram.file.direct-io=true"),
				"ublk.devices.ram.file.direct-io is for a disk with ublk.devices.ram.store=file:/path/to/disk.img; "
						+ "the disk 'ram' is served by the store memory.",
				"Remove the property, or change the store.");
	}

	@Test
	void directIoOfDiskOfBean() {
		assertFailure(
				this.contextRunner.withUserConfiguration(TestDisks.Scratch.class)
					.withPropertyValues("ublk.devices.scratch.file.direct-io=true"),
				"ublk.devices.scratch.file.direct-io is for a disk with "
						+ "ublk.devices.scratch.store=file:/path/to/disk.img; "
						+ "the disk 'scratch' is served by the bean 'testDisks.Scratch'.",
				"Remove the property; what a bean stores its data in is up to its code.");
	}

	@Test
	void preTouchOfDiskWithFile() {
		Path file = this.directory.resolve("disk.img");
		assertFailure(
				this.contextRunner.withPropertyValues("ublk.devices.archive.store=file:" + file,
						"ublk.devices.archive.size=1MB", "ublk.devices.archive.memory.pre-touch=true"),
				"ublk.devices.archive.memory.pre-touch is for a disk with ublk.devices.archive.store=memory; "
						+ "the disk 'archive' is served by the store file:" + file + ".",
				"Remove the property, or change the store.");
		assertThat(file).doesNotExist();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			NOT_LINUX         | The remedy.
			MODULE_MISSING    | echo ublk_drv > /etc/modules-load.d/ublk.conf
			MODULE_MISSING    | bookworm-backports
			MODULE_MISSING    | linux-modules-extra-$(uname -r)
			PERMISSION_DENIED | AmbientCapabilities=CAP_SYS_ADMIN
			PERMISSION_DENIED | GROUP="<group>", MODE="0660"
			IO_URING_DISABLED | kernel.io_uring_disabled=0
			IO_URING_DISABLED | seccomp
			KERNEL_TOO_OLD    | uname -r
			""")
	void hostWithoutUblk(Reason reason, String hint) {
		UblkUnavailableException failure = new UblkUnavailableException(reason, "what was tried.", "The remedy.", null);
		FailureAnalysis analysis = analyze(withoutUblk(failure));
		assertThat(analysis.getDescription())
			.isEqualTo("This application declares disks, but ublk cannot be used: what was tried.");
		assertThat(analysis.getAction()).startsWith("The remedy.")
			.contains(hint)
			.endsWith("set ublk.unsupported-host=skip.");
	}

	@Test
	void testOnHostWithoutUblk() {
		ApplicationContextRunner runner = withoutUblk(
				new UblkUnavailableException(Reason.NOT_LINUX, "what was tried.", "The remedy.", null));
		String hint = "- In a test: annotate it with @UblkTest";
		assertThat(analyze(runner).getAction()).contains(hint);
		assertThat(analyze(runner.withClassLoader(new FilteredClassLoader(TestPropertySource.class))).getAction())
			.doesNotContain(hint)
			.isEqualTo("The remedy.\n\n- To start the application here without its disks, "
					+ "set ublk.unsupported-host=skip.");
	}

	private static ApplicationContextRunner withoutUblk(UblkUnavailableException failure) {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(UblkAutoConfiguration.class, BlockDeviceAutoConfiguration.class))
			.withUserConfiguration(TestDisks.Scratch.class)
			.withBean("ublkEngine", UblkEngine.class, () -> {
				throw failure;
			}, (definition) -> definition.setLazyInit(true));
	}

	private static void assertFailure(ApplicationContextRunner runner, String description, String action) {
		FailureAnalysis analysis = analyze(runner);
		assertThat(analysis.getDescription()).isEqualTo(description);
		assertThat(analysis.getAction()).isEqualTo(action);
	}

	private static FailureAnalysis analyze(ApplicationContextRunner runner) {
		FailureAnalysis[] analysis = new FailureAnalysis[1];
		ConfigurableApplicationContext[] failed = new ConfigurableApplicationContext[1];
		runner.withInitializer((context) -> failed[0] = context).run((context) -> {
			Throwable failure = Objects.requireNonNull(context.getStartupFailure(), "the context started");
			List<FailureAnalyzer> analyzers = SpringFactoriesLoader
				.forResourceLocation("META-INF/spring.factories", FailureAnalyzersTests.class.getClassLoader())
				.load(FailureAnalyzer.class, argumentsFrom(failed[0]),
						SpringFactoriesLoader.FailureHandler.handleMessage((message, unloadable) -> {
						}));
			analysis[0] = analyzers.stream()
				.map((analyzer) -> analyzer.analyze(failure))
				.filter(Objects::nonNull)
				.findFirst()
				.orElseThrow();
		});
		return analysis[0];
	}

	private static ArgumentResolver argumentsFrom(ConfigurableApplicationContext context) {
		return ArgumentResolver.of(BeanFactory.class, context.getBeanFactory())
			.and(Environment.class, context.getEnvironment());
	}

	@Configuration(proxyBeanMethods = false)
	static class MissingFile {

		@Bean
		@BlockDevice
		FileBlockStore archive(@Value("${disk.file}") Path file) {
			return FileBlockStore.at(file).size(1 << 20).open();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class InvalidSpec {

		@Bean
		DiskSpec odd() {
			return DiskSpec.named("odd").size(1000).build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class WrongType {

		@Bean
		@BlockDevice(size = "1GB")
		String backup() {
			return "backup";
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Duplicates {

		@Bean
		@BlockDevice(name = "scratch", size = "1GB")
		BlockDeviceHandler ramDisk() {
			return new TestDisks.Null();
		}

		@Bean
		@BlockDevice(name = "scratch", size = "1GB")
		BlockDeviceHandler fileDisk() {
			return new TestDisks.Null();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NoSize {

		@Bean
		@BlockDevice
		BlockDeviceHandler archive() {
			return new TestDisks.Null();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Misaligned {

		@Bean
		@BlockDevice(name = "odd", size = "1000")
		BlockDeviceHandler disk() {
			return new TestDisks.Null();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NoNumber {

		@Bean
		@BlockDevice(size = "4 gigs")
		BlockDeviceHandler disk() {
			return new TestDisks.Null();
		}

	}

	@BlockDevice(size = "1MB")
	static class AnnotatedIterable {

		@OnRead
		Iterable<Byte> load(long offset) {
			return List.of();
		}

	}

	@BlockDevice(size = "1MB")
	static class AnnotatedHandlerBean extends TestDisks.Null {

		@OnWrite
		void save(ByteBuffer data) {
		}

		@OnFlush
		void sync() {
		}

	}

	@BlockDevice(size = "1MB")
	static class AnnotatedReads {

		@OnRead
		byte[] load(int length) {
			return new byte[length];
		}

	}

}
