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

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;

import io.github.ublk4j.engine.DriverDevice;
import io.github.ublk4j.engine.OrphanedDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Orphans;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deals with the devices that dead processes have left, before the disks of the
 * application start.
 */
final class Leftovers {

	private static final Logger logger = LoggerFactory.getLogger(Leftovers.class);

	private final Orphans policy;

	Leftovers(Orphans policy) {
		this.policy = policy;
	}

	/**
	 * Deals with all of them.
	 * @param declared the names of the disks that are about to start
	 * @throws DiskStartupException if one of those may not start beside its own
	 */
	void clear(UblkEngine engine, Set<String> declared) {
		for (OrphanedDevice orphan : find(engine)) {
			boolean own = orphan.disk() != null && declared.contains(orphan.disk());
			if (this.policy == Orphans.DELETE && orphan.disk() != null && orphan.users().isEmpty()) {
				delete(engine, orphan);
			}
			else if (own && this.policy == Orphans.REPORT && orphan.device().state() != DriverDevice.State.DEAD) {
				throw new DiskStartupException(
						"The disk '" + orphan.disk() + "' is not started: " + orphan.explanation(),
						"Set ublk.orphans=recover to take the device over, or ublk.orphans=delete to remove it.");
			}
			else if (!own) {
				logger.warn(orphan.explanation());
			}
		}
	}

	// Not block(): a context may be started on a thread that Reactor lets nobody block
	private static List<OrphanedDevice> find(UblkEngine engine) {
		return engine.orphanedDevices().toFuture().join();
	}

	private static void delete(UblkEngine engine, OrphanedDevice orphan) {
		try {
			engine.delete(orphan.device().id()).toFuture().join();
			logger.info("ublk device {} of the disk '{}', left by a dead process, is deleted", orphan.device().id(),
					orphan.disk());
		}
		// somebody opened it just now, or deleted it
		catch (CompletionException ex) {
			logger.warn("{} It could not be deleted.", orphan.explanation(), ex);
		}
	}

}
