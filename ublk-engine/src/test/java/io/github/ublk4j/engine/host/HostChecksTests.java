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

package io.github.ublk4j.engine.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.host.HostCheck.State;
import io.github.ublk4j.engine.host.HostCheck.Subject;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.uring.IoUring;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Checks of hosts that exist in files only.
 */
@EnabledOnOs(OS.LINUX)
class HostChecksTests {

	private static final String ALL_CAPABILITIES = "CapEff:\t000001ffffffffff";

	@TempDir
	private Path root;

	private String release = "6.18.20";

	private HostPlan plan = new HostPlan(null, 32 << 20, null);

	private final FakeKernel kernel = new FakeKernel();

	@BeforeEach
	void hostThatLacksNothing() {
		write("proc/self/status", "Name:\tjava\n" + ALL_CAPABILITIES);
		write("proc/self/uid_map", "         0          0 4294967295");
		write("proc/self/oom_score_adj", "-900");
		write("proc/self/mountinfo", "24 27 0:6 / /dev rw,relatime shared:2 - devtmpfs udev rw");
		write("proc/self/limits", "Max locked memory         8388608              8388608              bytes");
		write("proc/sys/kernel/io_uring_disabled", "0");
		write("sys/module/ublk_drv/parameters/ublks_max", "64");
		write("sys/class/ublk-char/ublkc0/dev", "240:0");
		write("run/udev/control", "");
	}

	@Test
	void nothingIsMissing() {
		List<HostCheck> checks = checks();
		assertThat(checks).extracting(HostCheck::state).containsOnly(State.OK);
		assertThat(checks).extracting(HostCheck::remedy).containsOnlyNulls();
		assertThat(checks).extracting(HostCheck::subject).isSorted().doesNotHaveDuplicates().hasSize(16);
		assertThat(check(Subject.NATIVE_CALLS).finding()).startsWith("JNA calls the C library on ")
			.endsWith("; requests call the kernel through a test");
		assertThat(check(Subject.DRIVER).finding()).isEqualTo("CMD_IOCTL_ENCODE, USER_COPY");
		assertThat(check(Subject.DEVICES).finding()).isEqualTo("1 on this host; ublks_max is 64");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			6.18.4            | can hang or crash when a device is created
			6.18.5-amd64      | can hang or crash when a device is created
			6.17.0-1004-azure | can hang or crash when a device is created
			6.18.40           | can lose commands
			7.0.3             | can lose commands
			6.1.0-23-amd64    | is older than what is tested
			next              | is not known
			""")
	void kernelWithKnownFaultIsNamed(String kernelRelease, String finding) {
		this.release = kernelRelease;
		assertThat(check(Subject.KERNEL)).returns(State.WARNING, HostCheck::state)
			.satisfies((check) -> assertThat(check.finding()).contains(kernelRelease, finding));
	}

	@ParameterizedTest
	@CsvSource({ "6.12.48+deb13-amd64", "6.17.0-5-generic", "6.18.44", "7.3" })
	void kernelWithoutKnownFaultIsFine(String kernelRelease) {
		this.release = kernelRelease;
		assertThat(check(Subject.KERNEL).state()).isEqualTo(State.OK);
	}

	@Test
	void moduleThatIsInstalledIsToBeLoaded() {
		delete("sys/module/ublk_drv/parameters/ublks_max", "sys/module/ublk_drv/parameters", "sys/module/ublk_drv");
		write("lib/modules/6.18.20/modules.dep", "kernel/drivers/block/ublk_drv.ko.xz: kernel/lib/a.ko\n");
		assertFailure(Subject.MODULE, "The kernel module ublk_drv is not loaded", "Load it with 'modprobe ublk_drv'.");
		assertThat(checks()).extracting(HostCheck::subject)
			.doesNotContain(Subject.CONTROL_DEVICE, Subject.DRIVER, Subject.DEVICES);
	}

	@Test
	void moduleThatIsNotInstalledNeedsAnotherKernel() {
		delete("sys/module/ublk_drv/parameters/ublks_max", "sys/module/ublk_drv/parameters", "sys/module/ublk_drv");
		write("lib/modules/6.18.20/modules.dep", "kernel/a.ko: kernel/drivers/block/ublk_drv.ko\n");
		assertFailure(Subject.MODULE,
				"The kernel module ublk_drv is not loaded, and there is none in /lib/modules/6.18.20",
				"CONFIG_BLK_DEV_UBLK");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			2  | is not there, although the kernel has the driver | -v /dev:/dev
			13 | This process may not use /dev/ublk-control       | udev rule
			1  | This process may not use /dev/ublk-control       | cgroup
			""")
	void controlDeviceThatCannotBeOpened(int errno, String finding, String remedy) {
		this.kernel.control = new LinuxException("open", errno);
		assertFailure(Subject.CONTROL_DEVICE, finding, remedy);
		assertThat(checks()).extracting(HostCheck::subject).doesNotContain(Subject.DRIVER);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			0000000000000000 | WARNING | has none; lacks CAP_IPC_LOCK, CAP_SYS_ADMIN, CAP_SYS_RESOURCE
			0000000000200000 | WARNING | has CAP_SYS_ADMIN; lacks CAP_IPC_LOCK, CAP_SYS_RESOURCE
			0000000001204000 | OK      | has CAP_IPC_LOCK, CAP_SYS_ADMIN, CAP_SYS_RESOURCE
			""")
	void capabilitiesAreNamed(String mask, State state, String finding) {
		write("proc/self/status", "CapEff:\t" + mask);
		assertThat(check(Subject.CAPABILITIES)).returns(state, HostCheck::state)
			.satisfies((check) -> assertThat(check.finding()).contains(finding));
	}

	@Test
	void capabilitiesOfUserNamespaceDoNotCount() {
		write("proc/self/uid_map", "         0       1000          1");
		assertFailure(Subject.CAPABILITIES, "user namespace", "--userns=host");
	}

	@ParameterizedTest
	@CsvSource({ "1, 000001ffffffffff, OK", "1, 0000000000000000, FAILURE", "2, 000001ffffffffff, FAILURE" })
	void switchOfIoUringIsJudgedByTheRightsOfTheProcess(String value, String mask, State state) {
		write("proc/sys/kernel/io_uring_disabled", value);
		write("proc/self/status", "CapEff:\t" + mask);
		assertThat(check(Subject.IO_URING_SWITCH)).returns(state, HostCheck::state);
	}

	@Test
	void ringThatIsFiltered() {
		this.kernel.ring = new LinuxException("io_uring_setup", Errno.EPERM);
		assertFailure(Subject.IO_URING, "io_uring cannot be used", "seccomp");
		assertThat(checks()).extracting(HostCheck::subject).doesNotContain(Subject.WIDE_ENTRIES, Subject.DRIVER);
	}

	@Test
	void ringWithoutWideEntries() {
		this.kernel.wideRing = new LinuxException("io_uring_setup", Errno.EINVAL);
		assertFailure(Subject.WIDE_ENTRIES, "Linux 6.18.20 is too old: io_uring has no 128-byte", "6.12");
	}

	@Test
	void driverWithoutIoctlEncodingIsTooOld() {
		this.kernel.features = UblkFeature.USER_COPY.mask();
		assertFailure(Subject.DRIVER, "ublk_drv lacks CMD_IOCTL_ENCODE; it has [USER_COPY]", "6.12");
	}

	@Test
	void devicesUpToTheLimitAreReported() {
		write("sys/module/ublk_drv/parameters/ublks_max", "1");
		assertWarning(Subject.DEVICES, "1 on this host; ublks_max is 1",
				"echo 64 > /sys/module/ublk_drv/parameters/ublks_max");
	}

	@Test
	void containerWithDevOfItsOwnDoesNotSeeNewDisks() {
		write("proc/self/mountinfo", "24 27 0:6 / /dev rw - devtmpfs udev rw\n24 27 0:9 / /dev rw - tmpfs tmpfs rw");
		write(".dockerenv", "");
		delete("run/udev/control");
		assertWarning(Subject.DEVICE_NODES,
				"/dev is a tmpfs, udev does not run here, this is a container: nodes of new disks will not appear",
				"-v /dev:/dev");
	}

	@Test
	void limitOfLockedMemoryIsComparedWithWhatIsNeeded() {
		write("proc/self/status", "CapEff:\t0000000000200000");
		assertWarning(Subject.LOCKED_MEMORY, "limited to 8388608 bytes; request buffers can take 33554432",
				"LimitMEMLOCK=infinity");
		this.plan = new HostPlan(null, 8 << 20, null);
		assertThat(check(Subject.LOCKED_MEMORY).state()).isEqualTo(State.OK);
	}

	@Test
	void stateDirectoryIsNotMade() {
		Path directory = this.root.resolve("run/ublk/.state");
		this.plan = new HostPlan(directory, 0, null);
		assertThat(check(Subject.STATE_DIRECTORY).finding()).isEqualTo(directory + " can be made");
		assertThat(directory).doesNotExist();
	}

	@Test
	void stateDirectoryBelowFileCannotBeUsed() {
		write("run/ublk", "a file");
		this.plan = new HostPlan(this.root.resolve("run/ublk/.state"), 0, null);
		assertWarning(Subject.STATE_DIRECTORY, "cannot be used", "RuntimeDirectory=ublk");
	}

	@Test
	void processThatIsKilledAsReadilyAsOthers() {
		write("proc/self/oom_score_adj", "0");
		assertWarning(Subject.OUT_OF_MEMORY, "oom_score_adj is 0", "ublk.oom-score-adj=-900");
		this.plan = new HostPlan(null, 0, -900);
		assertThat(check(Subject.OUT_OF_MEMORY)).returns(State.OK, HostCheck::state)
			.returns("oom_score_adj is 0, and becomes -900", HostCheck::finding);
		write("proc/self/status", "CapEff:\t0000000000200000");
		assertWarning(Subject.OUT_OF_MEMORY, "cannot be lowered to -900", "CAP_SYS_RESOURCE");
	}

	@Test
	void checkThatHangsIsFailure() {
		this.kernel.hang = new CountDownLatch(1);
		HostChecks checks = new HostChecks(this.root, this.kernel, this.release, Duration.ofMillis(50));
		assertThat(checks.checkRequired()).filteredOn((check) -> check.state() == State.FAILURE)
			.singleElement()
			.returns(Subject.IO_URING, HostCheck::subject)
			.returns("There is no answer within 0 s", HostCheck::finding);
		this.kernel.hang.countDown();
	}

	@Test
	void checkThatBreaksIsWarning() {
		write("sys/module/ublk_drv/parameters/ublks_max", "many");
		assertWarning(Subject.DEVICES, "It could not be found out: java.lang.NumberFormatException", "report");
	}

	@Test
	void hostThatTellsNothingBreaksNoCheck() {
		HostChecks checks = new HostChecks(this.root.resolve("nothing"), this.kernel, "", Duration.ofSeconds(10));
		assertThat(checks.checkAll(this.plan)).extracting(HostCheck::finding)
			.noneMatch((finding) -> finding.contains("could not be found out"));
	}

	@Test
	void onlyTheSystemFailsWithoutLinux() {
		String before = System.setProperty("os.name", "Mac OS X");
		try {
			assertThat(checks()).extracting(HostCheck::subject).containsExactly(Subject.OPERATING_SYSTEM, Subject.JVM);
			assertFailure(Subject.OPERATING_SYSTEM, "this is Mac OS X", "virtual machine");
		}
		finally {
			System.setProperty("os.name", before);
		}
	}

	@Test
	void thisHostIsCheckedWithoutHarm() {
		assertThat(HostChecks.all(this.plan)).isNotEmpty()
			.allSatisfy((check) -> assertThat(check.remedy() == null).isEqualTo(check.state() == State.OK))
			.extracting(HostCheck::finding)
			.noneMatch((finding) -> finding.contains("could not be found out"));
	}

	private List<HostCheck> checks() {
		return new HostChecks(this.root, this.kernel, this.release, Duration.ofSeconds(10)).checkAll(this.plan);
	}

	private HostCheck check(Subject subject) {
		return checks().stream().filter((check) -> check.subject() == subject).findFirst().orElseThrow();
	}

	private void assertFailure(Subject subject, String finding, String remedy) {
		assertCheck(subject, State.FAILURE, finding, remedy);
	}

	private void assertWarning(Subject subject, String finding, String remedy) {
		assertCheck(subject, State.WARNING, finding, remedy);
	}

	private void assertCheck(Subject subject, State state, String finding, String remedy) {
		HostCheck check = check(subject);
		assertThat(check.state()).isEqualTo(state);
		assertThat(check.finding()).contains(finding);
		assertThat(check.remedy()).contains(remedy);
	}

	private void write(String file, String text) {
		try {
			Path path = this.root.resolve(file);
			Files.createDirectories(path.getParent());
			Files.writeString(path, text);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void delete(String... paths) {
		try {
			for (String path : paths) {
				Files.delete(this.root.resolve(path));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * A kernel that refuses what it is told to.
	 */
	private static final class FakeKernel implements KernelCalls {

		private @Nullable LinuxException ring;

		private @Nullable LinuxException wideRing;

		private @Nullable LinuxException control;

		private @Nullable CountDownLatch hang;

		private long features = UblkFeature.CMD_IOCTL_ENCODE.mask() | UblkFeature.USER_COPY.mask();

		@Override
		public String requestPath() {
			return "a test";
		}

		@Override
		public @Nullable String unsupportedReason() {
			return null;
		}

		@Override
		public void tryRing(int flags) {
			if (this.hang != null) {
				try {
					this.hang.await();
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
			}
			refuse((flags == IoUring.SETUP_SQE128) ? this.wideRing : this.ring);
		}

		@Override
		public void tryControlDevice() {
			refuse(this.control);
		}

		@Override
		public long features() {
			return this.features;
		}

		private static void refuse(@Nullable LinuxException refusal) {
			if (refusal != null) {
				throw refusal;
			}
		}

	}

}
