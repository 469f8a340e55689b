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

import java.time.Duration;

import io.github.ublk4j.engine.driver.ControlClient;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.uring.IoUring;
import org.jspecify.annotations.Nullable;

/**
 * What only the kernel itself can answer. What it refuses is a {@link LinuxException}.
 */
interface KernelCalls {

	/** Asks the kernel of this host. */
	KernelCalls NATIVE = new KernelCalls() {

		private static final Duration PATIENCE = Duration.ofSeconds(10);

		@Override
		public @Nullable String unsupportedReason() {
			return LinuxPlatform.unsupportedReason();
		}

		@Override
		public String requestPath() {
			return LinuxPlatform.requestPath();
		}

		@Override
		public void tryRing(int flags) {
			try (IoUring ring = IoUring.open(1, flags)) {
				ring.enter(0);
			}
		}

		@Override
		public void tryControlDevice() {
			LinuxFile.open(ControlClient.PATH, LinuxFile.O_RDWR).close();
		}

		@Override
		public long features() {
			try (ControlClient control = new ControlClient(PATIENCE)) {
				return control.features();
			}
		}

	};

	/**
	 * Returns why nothing of the following can be called.
	 * @return a sentence, {@code null} if it can
	 */
	@Nullable String unsupportedReason();

	/**
	 * Returns how requests call the kernel.
	 * @return what makes the calls
	 */
	String requestPath();

	/**
	 * Opens a ring and enters it.
	 * @param flags {@code IoUring.SETUP_*}
	 */
	void tryRing(int flags);

	/**
	 * Opens the control device of the driver.
	 */
	void tryControlDevice();

	/**
	 * Asks the driver for its features.
	 * @return {@code UblkFeature} masks
	 */
	long features();

}
