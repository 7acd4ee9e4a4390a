CREATE TABLE `background` (
	`id` text PRIMARY KEY NOT NULL,
	`model_id` text NOT NULL,
	`version` integer NOT NULL,
	`name` text NOT NULL,
	`method` text NOT NULL,
	`rows` integer NOT NULL,
	`source_rows` integer NOT NULL,
	`seed` integer NOT NULL,
	`body` text NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `background_name` ON `background` (`model_id`,`version`,`name`);--> statement-breakpoint
CREATE TABLE `explanation` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`model_id` text NOT NULL,
	`version` integer NOT NULL,
	`kind` text NOT NULL,
	`method` text NOT NULL,
	`prediction_id` text,
	`cache_key` text,
	`body` text NOT NULL,
	`computation_ms` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `explanation_owner` ON `explanation` (`owner_id`,`id`);--> statement-breakpoint
CREATE INDEX `explanation_cache` ON `explanation` (`owner_id`,`cache_key`);--> statement-breakpoint
CREATE INDEX `explanation_model` ON `explanation` (`model_id`,`version`,`id`);--> statement-breakpoint
CREATE INDEX `explanation_expiry` ON `explanation` (`expires_at`);--> statement-breakpoint
CREATE TABLE `explanation_usage` (
	`owner_id` text NOT NULL,
	`model_id` text NOT NULL,
	`day` integer NOT NULL,
	`hits` integer NOT NULL,
	`misses` integer NOT NULL,
	`computation_ms` integer NOT NULL,
	PRIMARY KEY(`owner_id`, `model_id`, `day`)
);
