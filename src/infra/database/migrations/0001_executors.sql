CREATE TABLE "executor_events" (
	"subtask_id" integer NOT NULL,
	"event_id" text NOT NULL,
	CONSTRAINT "executor_events_subtask_id_event_id_pk" PRIMARY KEY("subtask_id","event_id")
);
--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "lane" text;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "fair_rank" bigint;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "lease_expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "offers" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "report_seq" bigint;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "report_order" bigint;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "title_key" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "git_info" text;--> statement-breakpoint
ALTER TABLE "executor_events" ADD CONSTRAINT "executor_events_subtask_id_subtasks_id_fk" FOREIGN KEY ("subtask_id") REFERENCES "public"."subtasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "subtasks_offered" ON "subtasks" USING btree ("lane","fair_rank","id") WHERE "subtasks"."status" = 'PENDING' and "subtasks"."fair_rank" is not null;--> statement-breakpoint
CREATE INDEX "subtasks_offered_by_user" ON "subtasks" USING btree ("user_id","lane","fair_rank") WHERE "subtasks"."status" = 'PENDING' and "subtasks"."fair_rank" is not null;--> statement-breakpoint
CREATE INDEX "subtasks_leases" ON "subtasks" USING btree ("lease_expires_at") WHERE "subtasks"."lease_expires_at" is not null;--> statement-breakpoint
UPDATE "tasks" SET "title_key" = lower("title");
