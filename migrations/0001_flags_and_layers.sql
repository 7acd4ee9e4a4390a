CREATE TABLE `layer` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`holdout` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `layer_name` ON `layer` (`owner_id`,`name`);--> statement-breakpoint
ALTER TABLE `experiment` ADD `flag_key` text;--> statement-breakpoint
CREATE UNIQUE INDEX `experiment_flag` ON `experiment` (`owner_id`,`flag_key`) WHERE "experiment"."status" IN ('creating', 'draft', 'running', 'paused');--> statement-breakpoint
CREATE INDEX `experiment_flags` ON `experiment` (`owner_id`,`flag_key`,`id`);