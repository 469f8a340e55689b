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

package io.github.ublk4j.spring.actuate;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.docs.MeterDocumentation;
import org.jspecify.annotations.Nullable;

/**
 * The meters of disks. Those of one disk are there from its start to its stop; whatever
 * is counted begins with the start.
 */
public enum UblkMeters implements MeterDocumentation {

	/** Time of requests, from their arrival to their answer. */
	REQUESTS("ublk.requests", Meter.Type.TIMER, null, "Time of requests, from their arrival to their answer",
			TagName.DEVICE, TagName.OPERATION, TagName.OUTCOME),

	/** Where the time of requests went; the stages of an operation sum up to its time. */
	STAGES("ublk.request.stage", Meter.Type.TIMER, null, "Where the time of requests went", TagName.DEVICE,
			TagName.OPERATION, TagName.STAGE),

	/** Bytes of the requests that succeeded. */
	BYTES("ublk.bytes", Meter.Type.COUNTER, "bytes", "Bytes of the requests that succeeded", TagName.DEVICE,
			TagName.OPERATION),

	/** Requests that failed, by the error that the kernel was told. */
	ERRORS("ublk.errors", Meter.Type.COUNTER, null, "Requests that failed, by the error that the kernel was told",
			TagName.DEVICE, TagName.OPERATION, TagName.ERRNO),

	/** Requests that failed because they took longer than the disk allows. */
	TIMEOUTS("ublk.timeouts", Meter.Type.COUNTER, null,
			"Requests that failed because they took longer than the disk allows", TagName.DEVICE, TagName.QUEUE),

	/** Requests that are being served. */
	ACTIVE("ublk.requests.active", Meter.Type.GAUGE, null, "Requests that are being served", TagName.DEVICE,
			TagName.QUEUE),

	/** Requests that are being served, as a part of all that there can be: 0 to 1. */
	SATURATION("ublk.queue.saturation", Meter.Type.GAUGE, null,
			"Requests that are being served, as a part of the queue's depth", TagName.DEVICE, TagName.QUEUE),

	/** How long the oldest of the requests has been served. */
	OLDEST("ublk.request.oldest", Meter.Type.GAUGE, "seconds", "How long the oldest of the requests has been served",
			TagName.DEVICE, TagName.QUEUE),

	/** Batches in which requests were answered. */
	BATCHES("ublk.batches", Meter.Type.COUNTER, null, "Batches in which requests were answered", TagName.DEVICE,
			TagName.QUEUE),

	/** Requests per batch, on average since the start of the disk. */
	BATCH_SIZE("ublk.batch.size", Meter.Type.GAUGE, null, "Requests per batch, on average since the start",
			TagName.DEVICE, TagName.QUEUE),

	/** System calls io_uring_enter of the queue's thread. */
	ENTERS("ublk.enters", Meter.Type.COUNTER, null, "System calls io_uring_enter of the queue's thread", TagName.DEVICE,
			TagName.QUEUE),

	/** Completions that came from another thread than the queue's. */
	HANDOVERS("ublk.handovers", Meter.Type.COUNTER, null, "Completions that came from another thread than the queue's",
			TagName.DEVICE, TagName.QUEUE),

	/** How often such a completion had to wake the queue's thread. */
	WAKEUPS("ublk.wakeups", Meter.Type.COUNTER, null, "How often a completion had to wake the queue's thread",
			TagName.DEVICE, TagName.QUEUE),

	/** Memory held for the data of requests. */
	BUFFER_USED("ublk.buffer.used", Meter.Type.GAUGE, "bytes", "Memory held for the data of requests", TagName.DEVICE),

	/** The most that this memory can become: queues x depth x largest request. */
	BUFFER_MAX("ublk.buffer.max", Meter.Type.GAUGE, "bytes", "The most memory that the data of requests can take",
			TagName.DEVICE),

	/** 1 for the state that the disk is in, 0 for the others. */
	STATE("ublk.device.state", Meter.Type.GAUGE, null, "1 for the state that the disk is in, 0 for the others",
			TagName.DEVICE, TagName.STATE),

	/**
	 * Stores of the mirrors of a disk, by what they are good for. A disk without a mirror
	 * has none.
	 */
	MIRROR_MEMBERS("ublk.mirror.members", Meter.Type.GAUGE, null,
			"Stores of the disk's mirror that are current, resyncing or stale", TagName.DEVICE, TagName.STATE),

	/** What is to be copied to those that are not current. */
	MIRROR_STALE("ublk.mirror.stale", Meter.Type.GAUGE, "bytes",
			"What is still to be copied to the stores of the disk's mirror", TagName.DEVICE);

	private final String name;

	private final Meter.Type type;

	private final @Nullable String baseUnit;

	private final String description;

	@SuppressWarnings("ImmutableEnumChecker") // never handed out
	private final TagName[] keys;

	UblkMeters(String name, Meter.Type type, @Nullable String baseUnit, String description, TagName... keys) {
		this.name = name;
		this.type = type;
		this.baseUnit = baseUnit;
		this.description = description;
		this.keys = keys;
	}

	@Override
	public String getName() {
		return this.name;
	}

	@Override
	public Meter.Type getType() {
		return this.type;
	}

	@Override
	public @Nullable String getBaseUnit() {
		return this.baseUnit;
	}

	/**
	 * Returns what the meter says, in a sentence.
	 * @return the description that the meter is registered with
	 */
	public String getDescription() {
		return this.description;
	}

	@Override
	public KeyName[] getKeyNames() {
		return this.keys.clone();
	}

	/**
	 * The tags of the meters.
	 */
	public enum TagName implements KeyName {

		/** Name of the disk. */
		DEVICE("device"),

		/** What the request asked for: read, write, flush, discard or write_zeroes. */
		OPERATION("operation"),

		/** How the request ended: success or error. */
		OUTCOME("outcome"),

		/** Part of a request's time: dispatch, handler, handover or commit. */
		STAGE("stage"),

		/** Name of the error number, such as EIO. */
		ERRNO("errno"),

		/** Index of the queue, from 0. */
		QUEUE("queue"),

		/**
		 * State of the disk: starting, live, stopping, stopped, quiesced or failed; or of
		 * a member of its mirror: current, resyncing or stale.
		 */
		STATE("state");

		private final String name;

		TagName(String name) {
			this.name = name;
		}

		@Override
		public String asString() {
			return this.name;
		}

	}

}
