CREATE TABLE "dify_conversations" (
	"task_id" integer NOT NULL,
	"bot_id" integer NOT NULL,
	"fingerprint" text NOT NULL,
	"conversation_id" text NOT NULL,
	"end_user" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dify_conversations_task_id_bot_id_pk" PRIMARY KEY("task_id","bot_id")
);
--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "run_inputs" jsonb;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "run_files" jsonb;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "upstream_run" jsonb;--> statement-breakpoint
ALTER TABLE "dify_conversations" ADD CONSTRAINT "dify_conversations_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "subtasks_app_messages" ON "subtasks" USING btree (("upstream_run" ->> 'messageId')) WHERE "subtasks"."upstream_run" ->> 'messageId' is not null;