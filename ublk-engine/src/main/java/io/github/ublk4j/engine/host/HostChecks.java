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

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.github.ublk4j.engine.host.HostCheck.State;
import io.github.ublk4j.engine.host.HostCheck.Subject;

/**
 * Checks this host from the bottom up. What a check needs and has not is reported once,
 * by the check of that. Every check is bounded, and what goes wrong in one is its result.
 * Blocks; any thread.
 */
public final class HostChecks {

	private static final Duration PATIENCE = Duration.ofSeconds(15);

	private final Duration patience;

	private final String release;

	private final HostFiles files;

	private final RequiredChecks required;

	private final List<HostCheck> results = new ArrayList<>();

	HostChecks(Path root, KernelCalls calls, String release, Duration patience) {
		this.files = new HostFiles(root);
		this.required = new RequiredChecks(this.files, calls, release);
		this.release = release;
		this.patience = patience;
	}

	private static HostChecks ofThisHost() {
		return new HostChecks(Path.of("/"), KernelCalls.NATIVE, System.getProperty("os.version", ""), PATIENCE);
	}

	/**
	 * Checks what must be there, or no disk can be served.
	 * @return the checks that could be made
	 */
	public static List<HostCheck> required() {
		return ofThisHost().checkRequired();
	}

	/**
	 * Checks everything.
	 * @param plan what the host is for
	 * @return the checks that could be made, by their subjects
	 */
	public static List<HostCheck> all(HostPlan plan) {
		return ofThisHost().checkAll(plan);
	}

	List<HostCheck> checkAll(HostPlan plan) {
		checkRequired();
		SafetyChecks safety = new SafetyChecks(this.files, plan);
		if (isFine(Subject.OPERATING_SYSTEM)) {
			run(Subject.KERNEL, () -> new KernelRelease(this.release).check());
			if (isFine(Subject.MODULE)) {
				run(Subject.DEVICES, safety::devices);
			}
			run(Subject.DEVICE_NODES, safety::deviceNodes);
			run(Subject.LOCKED_MEMORY, safety::lockedMemory);
			run(Subject.STATE_DIRECTORY, safety::stateDirectory);
			run(Subject.OUT_OF_MEMORY, safety::outOfMemory);
		}
		run(Subject.JVM, SafetyChecks::jvm);
		this.results.sort((one, other) -> one.subject().compareTo(other.subject()));
		return List.copyOf(this.results);
	}

	List<HostCheck> checkRequired() {
		run(Subject.OPERATING_SYSTEM, RequiredChecks::operatingSystem);
		if (isFine(Subject.OPERATING_SYSTEM)) {
			run(Subject.NATIVE_CALLS, this.required::nativeCalls);
			if (isFine(Subject.NATIVE_CALLS)) {
				checkRings();
			}
			checkDriver();
		}
		return List.copyOf(this.results);
	}

	private void checkRings() {
		run(Subject.IO_URING_SWITCH, this.required::ioUringSwitch);
		if (isFine(Subject.IO_URING_SWITCH)) {
			run(Subject.IO_URING, this.required::ioUring);
		}
		if (isFine(Subject.IO_URING)) {
			run(Subject.WIDE_ENTRIES, this.required::wideEntries);
		}
	}

	private void checkDriver() {
		run(Subject.MODULE, this.required::module);
		if (isFine(Subject.MODULE) && isFine(Subject.NATIVE_CALLS)) {
			run(Subject.CONTROL_DEVICE, this.required::controlDevice);
		}
		run(Subject.CAPABILITIES, this.required::capabilities);
		if (isFine(Subject.CONTROL_DEVICE) && isFine(Subject.WIDE_ENTRIES)) {
			run(Subject.DRIVER, this.required::driver);
		}
	}

	private boolean isFine(Subject subject) {
		return this.results.stream().anyMatch((check) -> check.subject() == subject && check.state() != State.FAILURE);
	}

	/**
	 * Makes a check on a thread of its own, which is left alone if it hangs in the
	 * kernel.
	 */
	private void run(Subject subject, Callable<HostCheck> check) {
		FutureTask<HostCheck> task = new FutureTask<>(check);
		Thread thread = new Thread(task, "ublk-host-check");
		thread.setDaemon(true);
		thread.start();
		this.results.add(await(subject, task));
	}

	private HostCheck await(Subject subject, FutureTask<HostCheck> task) {
		try {
			return task.get(this.patience.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			return HostCheck.failure(subject, "There is no answer within " + this.patience.toSeconds() + " s",
					"See 'dmesg'; a kernel that hangs there needs a restart of the host.");
		}
		catch (ExecutionException ex) {
			return HostCheck.warning(subject, "It could not be found out: " + ex.getCause(),
					"Look at it by hand, and report this.");
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return HostCheck.warning(subject, "The thread was interrupted", "Check again.");
		}
	}

}
