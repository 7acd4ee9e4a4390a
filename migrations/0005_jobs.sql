CREATE TABLE `job` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`model_id` text NOT NULL,
	`model` text NOT NULL,
	`version` integer NOT NULL,
	`rows` integer NOT NULL,
	`request_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`ended_at` integer,
	FOREIGN KEY (`owner_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `job_owner` ON `job` (`owner_id`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `job_request` ON `job` (`owner_id`,`request_hash`) WHERE "job"."status" IN ('queued', 'running');